import {
  type BuildResult,
  type CacheSource,
  foreignRecords,
  knownResults,
  type SolvedStep,
  withStep,
} from '#build'
import { isStrakeError } from '#oci'
import { isSystemError } from '#platform'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import type { CacheExport, CacheImport, MountLimits } from './cache-options.ts'
import { openPlace } from './open-place.ts'
import type { CachePlace } from './place.ts'
import { CacheWriter } from './write-cache.ts'

export interface CacheRequest {
  readonly imports: readonly CacheImport[]
  readonly exports: readonly CacheExport[]
  /** The directory of cache mounts. */
  readonly cacheMounts: string
  readonly emit: Emit
  readonly signal?: AbortSignal | undefined
}

/** The caches of one build. Disposing them ends transfers that are not needed any more. */
export interface BuildCaches extends AsyncDisposable {
  /** The caches that could be read. */
  readonly sources: Promise<readonly CacheSource[]>
  /** True when the image gets a cache in its configuration. */
  readonly isInline: boolean
  /** The records for BuildKit that a cache gets. */
  readonly forBuildkit: CacheExport['forBuildkit']
  /** Called with the result of every step while others run. */
  onStep(step: SolvedStep, remoteBlob: BuildResult['remoteBlob']): void
  /** Writes the caches after a successful build. */
  finish(result: BuildResult): Promise<void>
}

interface Writing {
  readonly writer: CacheWriter
  readonly request: CacheExport
}

/** Starts to read the caches of a build, and prepares those that it writes. */
export async function openCaches(engine: Engine, request: CacheRequest): Promise<BuildCaches> {
  const { emit } = request
  const ended = new AbortController()
  const signals = request.signal === undefined ? [] : [request.signal]
  const signal = AbortSignal.any([ended.signal, ...signals])
  const written = request.exports.filter((each) => each.kind !== 'inline')
  const writing = await Promise.all(
    written.map(async (each): Promise<Writing> => {
      const { place, mountFrom } = await openPlace(engine, each, { emit })
      const { cacheMounts } = request
      const shared = { cacheMounts, emit, signal }
      const writer = new CacheWriter(engine, place, each, { ...shared, mountFrom })
      return { writer, request: each }
    }),
  )
  const reading = Promise.all(
    request.imports.map((each) => readSource(engine, each, { emit, signal })),
  )
  const sources = reading.then((found) => found.flat())
  // A build that fails early never waits for the caches, so nobody else handles this rejection.
  sources.catch(() => {})
  return {
    sources,
    forBuildkit:
      (['all', 'small'] as const).find((kind) =>
        written.some(({ forBuildkit }) => forBuildkit === kind),
      ) ?? 'none',
    isInline: request.exports.some(({ kind }) => kind === 'inline'),
    onStep(step, remoteBlob) {
      for (const { writer } of writing) writer.offer(step, remoteBlob)
    },
    async finish(result) {
      for (const { writer, request: each } of writing) {
        await withStep(`exporting cache to ${writer.place.name}`, emit, async () => {
          try {
            await writer.finish(result)
          } catch (error) {
            if (!each.ignoresErrors || signal.aborted || !isExpected(error)) throw error
            const message = `The cache was not written to ${writer.place.name}: ${error.message}`
            emit({ type: 'warning', message })
          }
        })
      }
    },
    async [Symbol.asyncDispose]() {
      ended.abort(new DOMException('The build ended', 'AbortError'))
      for (const { writer } of writing) writer[Symbol.dispose]()
      await sources.catch(() => {})
    },
  }
}

/** Reads a cache. An absent or damaged one is a warning, because the build does not need it. */
async function readSource(
  engine: Engine,
  request: CacheImport,
  options: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<readonly CacheSource[]> {
  const { emit, signal } = options
  const { place } = await openPlace(engine, request, options)
  const read = async (): Promise<readonly CacheSource[]> => {
    try {
      return await sourcesOf(place, request.mounts, options)
    } catch (error) {
      if (signal.aborted || !isExpected(error)) throw error
      const message = `The cache ${place.name} is not used: ${error.message}`
      emit({ type: 'warning', message })
      return []
    }
  }
  return await withStep(`importing cache from ${place.name}`, emit, read, signal)
}

/** Ten gigabytes: anybody may have written a cache, and the disk of this machine must not become full. */
const usualMounts: MountLimits = { mostBytes: 10_000_000_000 }

async function sourcesOf(
  place: CachePlace,
  { mostBytes }: MountLimits = usualMounts,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<readonly CacheSource[]> {
  const { name, content } = place
  const stored = await place.read(signal)
  const mountRoom = { bytes: mostBytes }
  const sources = stored.map(({ config, blobs }) => ({
    name,
    content,
    results: knownResults(config, blobs),
    foreign: foreignRecords(config, blobs),
    mounts: new Map(config.mounts.map((mount) => [mount.id, mount])),
    mountRoom,
  }))
  if (stored.length === 0) {
    emit({ type: 'warning', message: `The cache ${name} is not used: there is none` })
  } else if (sources.every(hasNothing)) {
    const message = `The cache ${name} has no steps`
    emit({ type: 'warning', message })
  }
  return sources
}

function hasNothing({ results, mounts, foreign }: CacheSource): boolean {
  return results.size + mounts.size === 0 && foreign === undefined
}

function isExpected(error: unknown): error is Error {
  return isStrakeError(error) || isSystemError(error)
}
