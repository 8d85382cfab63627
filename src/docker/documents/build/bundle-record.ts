import type { BuildRecord } from '#engine/history/history'

/** A description of a file about a build. */
interface FileDescriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** The files of a bundle that the record names. */
export interface RecordFiles {
  readonly logs: FileDescriptor
  readonly trace: FileDescriptor
  readonly attestations: readonly FileDescriptor[]
}

/** The record of a build in a bundle: BuildKit's message in Go's JSON, and what buildx adds. */
export function bundleRecord(record: BuildRecord, files: RecordFiles, platform: string): object {
  const { steps, context, dockerfile = 'Dockerfile' } = record
  const isLocal = context?.startsWith('/') === true
  return {
    Ref: record.id,
    Frontend: 'dockerfile.v0',
    FrontendAttrs: recordAttributes(record),
    ...(record.error !== undefined && {
      error: { code: record.status === 'canceled' ? 1 : 2, message: record.error },
    }),
    CreatedAt: timestamp(record.startedAt),
    CompletedAt: timestamp(record.completedAt),
    logs: descriptor(files.logs),
    ExporterResponse: recordResponse(record),
    Result: { Attestations: files.attestations.map(descriptor) },
    trace: descriptor(files.trace),
    numCachedSteps: steps.cached,
    numTotalSteps: steps.total,
    numCompletedSteps: steps.completed,
    DefaultPlatform: platform,
    ...(isLocal && {
      localState: { Target: 'default', LocalPath: context, DockerfilePath: dockerfile },
    }),
  }
}

/** The options of a recorded build, as attributes of BuildKit's frontend. */
export function recordAttributes(record: BuildRecord): Readonly<Record<string, string>> {
  const { context, dockerfile = 'Dockerfile', target } = record
  const isLocal = context?.startsWith('/') === true
  return {
    filename: dockerfile,
    ...(target !== undefined && { target }),
    ...(record.platforms.length > 0 && { platform: record.platforms.join(',') }),
    ...(record.noCache && { 'no-cache': '' }),
    ...(record.network !== undefined && { 'force-network-mode': record.network }),
    ...(context !== undefined && !isLocal && { context }),
    ...prefixed('build-arg:', record.buildArgs),
    ...prefixed('label:', record.labels),
    ...prefixed('context:', record.contexts),
  }
}

/** What BuildKit answers about the result of a build. */
export function recordResponse({ digest, names }: BuildRecord): Readonly<Record<string, string>> {
  return {
    ...(digest !== undefined && { 'containerimage.digest': digest }),
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  }
}

function prefixed(
  prefix: string,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]))
}

/** Go's JSON of a timestamp of Protocol Buffers. */
function timestamp(date: Date): object {
  const time = date.getTime()
  return { seconds: Math.floor(time / 1000), nanos: (time % 1000) * 1e6 }
}

function descriptor({ mediaType, digest, size }: FileDescriptor): object {
  return { media_type: mediaType, digest, size }
}

/**
 * Reads the record of a bundle that another program wrote. Members of other types count as absent.
 * Returns `undefined` when it has no ID or no times.
 */
export function readBundleRecord(value: object, id: string): BuildRecord | undefined {
  const members = record(value)
  const attrs = texts(members['FrontendAttrs'])
  const response = texts(members['ExporterResponse'])
  const local = texts(members['localState'])
  const error = record(members['error'])
  const ref = text(members['Ref']) ?? id
  const [startedAt, completedAt] = [time(members['CreatedAt']), time(members['CompletedAt'])]
  if (startedAt === undefined || completedAt === undefined) return undefined
  const context = attrs['context'] ?? local['LocalPath']
  const target = attrs['target']
  const base = context?.split('/').findLast((part) => part !== '') ?? 'standard input'
  const after = (prefix: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(attrs).flatMap(([key, own]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), own]] : [],
      ),
    )
  const message = text(error['message'])
  return {
    id: ref,
    name: target === undefined ? base : `${base} (${target})`,
    status: message === undefined ? 'completed' : error['code'] === 1 ? 'canceled' : 'error',
    error: message,
    startedAt,
    completedAt,
    context,
    dockerfile: attrs['filename'],
    target,
    platforms: (attrs['platform'] ?? '').split(',').filter(Boolean),
    buildArgs: after('build-arg:'),
    labels: after('label:'),
    contexts: after('context:'),
    noCache: attrs['no-cache'] === '',
    network: attrs['force-network-mode'],
    steps: {
      total: count(members['numTotalSteps']),
      completed: count(members['numCompletedSteps']),
      cached: count(members['numCachedSteps']),
    },
    materials: [],
    digest: response['containerimage.digest'],
    names: (response['image.name'] ?? '').split(',').filter(Boolean),
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record(value)).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    ),
  )
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

function time(value: unknown): Date | undefined {
  const { seconds, nanos } = record(value)
  if (typeof seconds !== 'number') return undefined
  const date = new Date(seconds * 1000 + count(nanos) / 1e6)
  return Number.isNaN(date.getTime()) ? undefined : date
}
