import { isDigest, StrakeError } from '#oci'
import { type BuildLock, type LockedSource, nameOfSource } from './lock.ts'

/** The version of the format. A reader refuses a greater one. */
const version = 1

/** More than any build has: a Dockerfile has at most 1 MiB, and a name at least one character. */
const mostSources = 100_000

/** The most characters of a lock file: 100,000 sources of 320 characters. */
export const maxLockSize: number = 32 * 2 ** 20

const kinds = ['frontend', 'image', 'git', 'http', 'download'] as const

/** Formats a lock: sorted by kind and name, one member a line, so that changes are few lines. */
export function formatLock(lock: BuildLock): string {
  const sources = sortSources(lock.sources).map(toMembers)
  return `${JSON.stringify({ version, sources }, undefined, 2)}\n`
}

export function sortSources(sources: readonly LockedSource[]): readonly LockedSource[] {
  const once = new Map(sources.map((each) => [keyOf(each), each]))
  return [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

function keyOf(source: LockedSource): string {
  return `${kinds.indexOf(source.kind)} ${nameOfSource(source)}`
}

/** The order of members is part of the format. */
function toMembers(source: LockedSource): object {
  switch (source.kind) {
    case 'frontend':
      return { kind: source.kind, reference: source.reference }
    case 'image': {
      const { kind, reference, platform, digest } = source
      return { kind, reference, platform, digest }
    }
    case 'git':
      return { kind: source.kind, url: source.url, commit: source.commit }
    default:
      return { kind: source.kind, url: source.url, digest: source.digest }
  }
}

/** Parses a lock file. `name` is for messages. Throws `INVALID`, which names the first mistake. */
export function parseLock(text: string, name: string): BuildLock {
  const wrong = (reason: string, cause?: unknown): StrakeError =>
    new StrakeError('INVALID', `Cannot read ${name}: ${reason}`, {
      cause,
      remedy: 'write it again with strake build --lock',
    })
  if (text.length > maxLockSize) throw wrong(`it is larger than ${maxLockSize} bytes`)
  const document = parseJson(text, wrong)
  if (!isRecord(document)) throw wrong('it is no object')
  const { version: found, sources, ...rest } = document
  if (found !== version) throw wrong(`its version is ${JSON.stringify(found)} and not ${version}`)
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw wrong(`it has the unknown member ${JSON.stringify(unknown)}`)
  if (!Array.isArray(sources)) throw wrong('it has no list of sources')
  if (sources.length > mostSources) throw wrong(`it has more than ${mostSources} sources`)
  const read = sources.map((each: unknown, index) => {
    const source = isRecord(each) ? readSource(each) : undefined
    if (source === undefined) throw wrong(`source ${index + 1} is not valid`)
    return source
  })
  const names = new Set<string>()
  for (const source of read) {
    if (names.has(keyOf(source))) throw wrong(`it has ${nameOfSource(source)} twice`)
    names.add(keyOf(source))
  }
  return { sources: read }
}

function parseJson(text: string, wrong: (reason: string, cause: unknown) => StrakeError): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw wrong('it is not JSON', cause)
  }
}

function readSource(value: Readonly<Record<string, unknown>>): LockedSource | undefined {
  const { kind, reference, platform, digest, url, commit, ...rest } = value
  if (Object.keys(rest).length > 0) return undefined
  const isFile = kind === 'http' || kind === 'download'
  if (kind === 'frontend' && isName(reference)) return { kind, reference }
  if (kind === 'image' && isName(reference) && isName(platform) && isSha256(digest)) {
    return { kind, reference, platform, digest }
  }
  if (kind === 'git' && isName(url) && isName(commit) && /^[0-9a-f]{40,64}$/.test(commit)) {
    return { kind, url, commit }
  }
  return isFile && isName(url) && isSha256(digest) ? { kind, url, digest } : undefined
}

/** The most characters of a name. Longer URLs are no URLs of a server. */
const longestName = 8192

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestName
}

function isSha256(value: unknown): value is `sha256:${string}` {
  return typeof value === 'string' && isDigest(value) && value.startsWith('sha256:')
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
