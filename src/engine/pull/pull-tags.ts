import { familiarReference, formatReference, parseReference, StrakeError } from '#oci'
import { silent } from '#stream'
import type { Engine } from '../engine.ts'
import { type Pulled, type PullOptions, pull } from '../image/pull.ts'
import { parseRepository } from './repository-name.ts'

/** More tags are refused: a repository with so many is hardly wanted whole. */
const mostTags = 10_000

/**
 * Fetches every tag of a repository, one after the other, and yields each when it is complete.
 * Throws like `pull`; the tags before stay.
 */
export async function* pullTags(
  engine: Engine,
  text: string,
  options: PullOptions = {},
): AsyncGenerator<Pulled> {
  for (const name of await listTags(engine, text, options)) {
    yield await pull(engine, name, options)
  }
}

/** Returns the names of all tags of a repository in its registry, in their order there. */
export async function listTags(
  engine: Engine,
  text: string,
  { emit = silent }: Pick<PullOptions, 'emit'> = {},
): Promise<readonly string[]> {
  const { registry, repository } = parseRepository(text)
  const remote = await engine.registry(registry, emit)
  const names: string[] = []
  for await (const tag of remote.repository(repository).tags()) {
    if (names.length === mostTags) {
      throw new StrakeError('UNAVAILABLE', `Cannot list ${text}: it has more than ${mostTags} tags`)
    }
    names.push(formatReference(parseReference(`${registry}/${repository}:${tag}`)))
  }
  if (names.length > 0) return names
  const familiar = familiarReference({ registry, repository })
  throw new StrakeError('NOT_FOUND', `Cannot pull ${familiar}: the repository has no tags`)
}
