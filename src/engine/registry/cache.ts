import { StrakeError } from '#oci'
import { type CachedManifest, listCached, type TrimReport, trimCache } from '#registry'
import { changeRules } from '#registry/config/content-rules'
import { collectedOf } from '#server'
import { collectGarbage } from '../collect/collect-garbage.ts'
import type { Engine } from '../engine.ts'
import { findPlace, type PlaceOptions, requireRegistry } from './place.ts'
import { openOwn } from './serve-configured.ts'

export interface CacheOptions extends Omit<PlaceOptions, 'root'> {
  /** The cached registries, such as `docker.io`. Default: those of the configuration. */
  readonly names?: readonly string[] | undefined
}

export interface PruneCacheOptions extends CacheOptions {
  /** Bytes that may stay. Default: all. */
  readonly keep?: number | undefined
  /** Removes what was not pulled for so many milliseconds. */
  readonly unusedFor?: number | undefined
  readonly dryRun?: boolean | undefined
  readonly onRemoved?: ((manifest: CachedManifest) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Yields the manifests of caches, those first that were pulled last. Servers may run meanwhile. */
export async function* cachedManifests(
  engine: Engine,
  options: CacheOptions,
): AsyncGenerator<CachedManifest> {
  await using opened = new AsyncDisposableStack()
  const { cache, prefixes, pins } = await open(engine, options, opened)
  const found = await Array.fromAsync(listCached(cache, prefixes, pins))
  yield* found.toSorted((one, other) => other.usedAt - one.usedAt)
}

/** Removes what was pulled longest ago from caches. Fixed tags and what is in use stay. */
export async function pruneCache(engine: Engine, options: PruneCacheOptions): Promise<TrimReport> {
  await using opened = new AsyncDisposableStack()
  const { cache, prefixes, pins } = await open(engine, options, opened)
  const { keep, unusedFor, dryRun, onRemoved, signal } = options
  const now = Date.now
  const report = await trimCache(cache, {
    prefixes,
    pins,
    maxSize: keep,
    unusedSince: unusedFor === undefined ? undefined : now() - unusedFor,
    now,
    dryRun,
    onRemoved,
    signal,
  })
  if (cache.content === undefined && dryRun !== true) await collectGarbage(engine)
  return report
}

async function open(engine: Engine, options: CacheOptions, opened: AsyncDisposableStack) {
  const { config } = await findPlace({ ...options, root: async () => engine.root })
  const configured = (config.proxy?.upstreams ?? []).map(({ name }) => name)
  const { names = [] } = options
  const prefixes = names.length > 0 ? names : configured
  if (prefixes.length === 0) {
    throw new StrakeError('INVALID', 'Cannot find the caches: no registry is named', {
      remedy: 'name them, such as docker.io, or give --config with the file of the server',
    })
  }
  const { directory } = config.storage ?? {}
  if (directory !== undefined) await requireRegistry(directory)
  const served = await openOwn(async () => engine, config.storage ?? {}, opened)
  const cache = { ...collectedOf(served), registry: served.registry }
  return { cache, prefixes, pins: changeRules(config)?.fixedBy }
}
