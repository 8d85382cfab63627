import { familiarReference, isDigest, isStrakeError, parsePackageUrl, parseReference } from '#oci'
import type { BuildLock, LockedSource } from '../lock/lock.ts'
import { sortSources } from '../lock/lock-file.ts'
import { lockName } from '../lock/lock-of.ts'

/** What a provenance says about how to build the image again. */
export interface RecordedBuild {
  /** The URL of the context. Absent for files of the machine that built. */
  readonly source?: string | undefined
  /** The name of the Dockerfile. */
  readonly dockerfile?: string | undefined
  /** The Dockerfile itself, without the passwords of its URLs. */
  readonly text?: string | undefined
  /** The options of the build under BuildKit's names: `target`, `build-arg:NAME` and so on. */
  readonly args: Readonly<Record<string, string>>
  /** The contexts of the machine that built, under BuildKit's names. */
  readonly locals: readonly string[]
  /** The versions of everything from other machines. */
  readonly lock: BuildLock
  /** False when build arguments or labels are not in the provenance. */
  readonly isComplete: boolean
}

/** More than any build has. */
const most = 100_000

type Value = Readonly<Record<string, unknown>>

/**
 * Reads the predicate of a provenance of BuildKit or of this program, in either version of SLSA.
 * A member of another type than expected counts as absent. Returns `undefined` when nothing in it
 * says how the image was built.
 */
export function readSlsa(predicate: unknown): RecordedBuild | undefined {
  const root = record(predicate)
  const definition = record(root['buildDefinition'])
  const external = record(definition['externalParameters'])
  const invocation = record(root['invocation'])
  const isFirst = 'buildDefinition' in root
  const config = record(isFirst ? external['configSource'] : invocation['configSource'])
  const request = record(isFirst ? external['request'] : invocation['parameters'])
  if (Object.keys(request).length === 0) return undefined
  const details = record(record(root['runDetails'])['metadata'])
  const metadata = isFirst ? details : record(root['metadata'])
  const own = isFirst ? 'buildkit_metadata' : 'https://mobyproject.org/buildkit@v1#metadata'
  const complete = record(metadata[isFirst ? 'buildkit_completeness' : 'completeness'])
  return {
    source: text(config['uri']),
    dockerfile: text(config[isFirst ? 'path' : 'entryPoint']),
    text: dockerfileOf(record(metadata[own])),
    args: Object.fromEntries(
      Object.entries(record(request['args'])).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      ),
    ),
    locals: list(request['locals']).flatMap((each) => text(record(each)['name']) ?? []),
    lock: {
      sources: sourcesOf(list(isFirst ? definition['resolvedDependencies'] : root['materials'])),
      isOfProvenance: true,
    },
    isComplete: complete[isFirst ? 'request' : 'parameters'] === true,
  }
}

function dockerfileOf(metadata: Value): string | undefined {
  const [info] = list(record(metadata['source'])['infos'])
  const data = text(record(info)['data'])
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString()
}

function sourcesOf(dependencies: readonly unknown[]): readonly LockedSource[] {
  return sortSources(
    dependencies.flatMap((each) => {
      const { uri, digest } = record(each)
      const digests = record(digest)
      return typeof uri === 'string' ? lockedBy(uri, digests) : []
    }),
  )
}

/** The kind of a URL is not in a provenance, so an entry is made for each kind that it may be. */
function lockedBy(url: string, digests: Value): readonly LockedSource[] {
  const [sha1, sha256] = [text(digests['sha1']), text(digests['sha256'])]
  const digest = `sha256:${sha256 ?? ''}`
  if (url.startsWith('pkg:')) return isDigest(digest) ? imagesOf(url, digest) : []
  const commit = sha1 ?? sha256 ?? ''
  const isCommit = /^(?:[\da-f]{40}|[\da-f]{64})$/.test(commit)
  return [
    ...(isCommit ? [{ kind: 'git', url, commit } as const] : []),
    ...(isDigest(digest)
      ? [{ kind: 'http', url, digest } as const, { kind: 'download', url, digest } as const]
      : []),
  ]
}

function imagesOf(
  url: string,
  digest: Extract<LockedSource, { kind: 'image' }>['digest'],
): readonly LockedSource[] {
  const parsed = parsePackageUrl(url)
  if (parsed === undefined) return []
  const { type, namespace, name, version, qualifiers = {} } = parsed
  const platform = qualifiers['platform'] ?? ''
  const by = qualifiers['digest'] === undefined ? '' : `@${qualifiers['digest']}`
  const path = namespace ? `${namespace}/${name}` : name
  const tagged = `${path}${version ? `:${version}` : ''}${by}`
  try {
    // An image of a layout has the name by which the user or the Dockerfile called it.
    const names =
      type === 'oci'
        ? [tagged, path, familiarReference(parseReference(tagged))]
        : [lockName(tagged, false)]
    return names.map((reference) => ({ kind: 'image', reference, platform, digest }))
  } catch (error) {
    if (isStrakeError(error)) return []
    throw error
  }
}

function record(value: unknown): Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
