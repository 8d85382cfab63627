import { StrakeError } from '#oci'
import type { FoundRepository } from '#registry'
import { type Emit, silent } from '#stream'
import type { Engine } from '../engine.ts'

/** Conditions on results; a result must meet all of them. */
export interface SearchFilter {
  readonly isAutomated?: boolean | undefined
  readonly isOfficial?: boolean | undefined
  /** The least number of stars. */
  readonly stars?: number | undefined
}

export interface SearchOptions {
  readonly filter?: SearchFilter | undefined
  /** 1 to 100 results. Default 25. */
  readonly limit?: number | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** Docker's bound, which Docker Hub has too. */
const mostResults = 100
const usualResults = 25

/**
 * Finds repositories by a word, or by `HOST/WORD` in another registry than Docker Hub; most stars
 * first. In a registry that cannot search, looks for the word in the names of its catalogue. Throws
 * `INVALID`, and what the registry answers.
 */
export async function searchImages(
  engine: Engine,
  text: string,
  options: SearchOptions = {},
): Promise<readonly FoundRepository[]> {
  const { filter = {}, limit = usualResults, emit = silent, signal } = options
  if (limit < 1 || limit > mostResults) {
    throw new StrakeError(
      'INVALID',
      `Cannot search: limit ${limit} is outside the range of [1, ${mostResults}]`,
    )
  }
  const { host, term } = splitTerm(text)
  const registry = await engine.registry(host, emit)
  const passes = (one: FoundRepository): boolean => passesFilter(one, filter)
  const found = await registry.search?.(term, { limit, signal })
  if (found !== undefined) {
    return found.filter(passes).toSorted((one, other) => other.stars - one.stars)
  }
  const listed: FoundRepository[] = []
  for await (const name of registry.repositories()) {
    signal?.throwIfAborted()
    const one = { name, description: '', stars: 0, isOfficial: false, isAutomated: false }
    if (name.includes(term) && passes(one)) listed.push(one)
    if (listed.length === limit) break
  }
  return listed
}

/** As in Docker, a first part with a dot or a colon, or `localhost`, is a registry. */
function splitTerm(text: string): { readonly host: string; readonly term: string } {
  const [, first = '', rest] = /^([^/]*)\/(.*)$/.exec(text) ?? []
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost'
  const term = isHost ? (rest ?? '') : text
  if (text === '' || /^https?:$/.test(first)) {
    throw new StrakeError('INVALID', `Cannot search for ${JSON.stringify(text)}: it is no word`, {
      remedy: 'strake search WORD, or strake search HOST[:PORT]/WORD',
    })
  }
  const isHub = !isHost || first === 'docker.io' || first === 'index.docker.io'
  return { host: isHub ? 'docker.io' : first, term }
}

function passesFilter(
  { isAutomated, isOfficial, stars }: FoundRepository,
  filter: SearchFilter,
): boolean {
  return (
    (filter.isAutomated === undefined || filter.isAutomated === isAutomated) &&
    (filter.isOfficial === undefined || filter.isOfficial === isOfficial) &&
    stars >= (filter.stars ?? 0)
  )
}
