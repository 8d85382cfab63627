import { statfs } from 'node:fs/promises'
import { isStrakeError } from '#oci'
import { removeCacheFiles } from '../build-services/cache-files.ts'
import { pruneCacheMounts } from '../build-services/cache-mounts.ts'
import { cacheUsage } from '../build-services/cache-usage.ts'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { removeStoppedContainer } from '../container/container.ts'
import { listContainers } from '../container/ps.ts'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { type PruneFilter, passesPruneFilter } from '../filter/prune-filter.ts'
import { removeNetwork, usedNetworks } from '../network/networks.ts'
import { pruneKept } from '../received/kept-directory.ts'
import { writtenBytes } from '../usage/disk-usage.ts'
import { dropCompressed } from './drop-compressed.ts'
import { type PruneImagesOptions, pruneImages } from './prune-images.ts'
import { pruneVolumes } from './prune-volumes.ts'
import { notePrune, nothingPruned, type Pruned } from './pruned.ts'
import { type CacheFilter, type CacheLimits, selectCache } from './select-cache.ts'

export interface PruneOptions {
  readonly filter?: PruneFilter | undefined
}

/** Removes every stopped container. */
export async function pruneContainers(
  engine: Engine,
  { filter = {} }: PruneOptions = {},
): Promise<Pruned> {
  requireFacts(engine)
  const stopped = await listContainers(engine, { all: true })
  const containers: string[] = []
  let reclaimed = 0
  for (const { id, state, created, labels } of stopped) {
    if (!['exited', 'created', 'dead'].includes(state)) continue
    if (!passesPruneFilter(filter, { at: created.getTime(), labels })) continue
    const written = await writtenBytes(engine, id)
    // Another process may have removed or started it since.
    if (!(await removeStoppedContainer(engine, id))) continue
    containers.push(id)
    reclaimed += written
  }
  await notePrune(engine, 'container', reclaimed)
  return { ...nothingPruned, containers, reclaimed }
}

/**
 * Removes the build cache, the content that only the cache used, and cache mounts that no
 * build uses. With `until`, removes only entries that were not used since.
 */
export async function pruneCache(
  engine: Engine,
  { filter = {} }: PruneOptions = {},
): Promise<Pruned> {
  requireFacts(engine)
  const { until = [], labels = [] } = filter
  // Cache entries have no labels.
  if (labels.length > 0) return nothingPruned
  const unusedSince = Math.min(...until.map((instant) => instant.getTime()))
  const isPartial = until.length > 0
  const limit = isPartial ? { unusedSince } : undefined
  const dropped = engine.records.cache.prune(limit)
  const freed = isPartial ? 0 : await removeCacheFiles(engine)
  const mounts = await pruneCacheMounts(engine, limit)
  const received = await pruneKept(engine, limit)
  const { bytes } = await collectGarbage(engine)
  const reclaimed = bytes + freed + received + mounts.bytes
  await notePrune(engine, 'builder', reclaimed)
  return {
    ...nothingPruned,
    cache: [...dropped.map(({ key }) => key), ...mounts.ids],
    reclaimed,
    holders: engine.records.leases.list(),
  }
}

export interface PruneCacheOptions {
  readonly filter: CacheFilter
  readonly limits: CacheLimits
}

/**
 * Removes the entries of the build cache that pass a filter, the least recently used first, until
 * the rest is within the limits. An entry that a build uses stays.
 */
export async function prunePartOfCache(
  engine: Engine,
  { filter, limits }: PruneCacheOptions,
): Promise<Pruned> {
  requireFacts(engine)
  const { bavail, bsize } = await statfs(engine.root)
  const wanted = selectCache(await cacheUsage(engine), { filter, limits, free: bavail * bsize })
  const steps = wanted.filter(({ kind }) => kind === 'step').map(({ id }) => id)
  for (const key of steps) engine.records.cache.remove(key)
  const ids = wanted.filter(({ kind }) => kind === 'mount').map(({ id }) => id)
  const mounts = await pruneCacheMounts(engine, { ids })
  const { bytes } = await collectGarbage(engine)
  const reclaimed = bytes + mounts.bytes
  await notePrune(engine, 'builder', reclaimed)
  const holders = engine.records.leases.list()
  return { ...nothingPruned, cache: [...steps, ...mounts.ids], reclaimed, holders }
}

export interface PruneSystemOptions extends PruneImagesOptions {
  /** Also removes anonymous volumes that no container uses. */
  readonly volumes?: boolean | undefined
}

/** Removes stopped containers, then unused networks, images, the build cache, and compressed layers that can be restored. */
export async function pruneSystem(engine: Engine, options: PruneSystemOptions): Promise<Pruned> {
  const containers = await pruneContainers(engine, options)
  const volumes = options.volumes ? await pruneVolumes(engine) : nothingPruned
  const networks = await pruneNetworks(engine, options)
  const images = await pruneImages(engine, options)
  const cache = await pruneCache(engine, options)
  const compressed = await dropCompressed(engine)
  const all = [containers, volumes, images, cache]
  return {
    containers: containers.containers,
    networks: networks.networks,
    volumes: volumes.volumes,
    untagged: images.untagged,
    images: images.images,
    cache: cache.cache,
    reclaimed: all.reduce((total, { reclaimed }) => total + reclaimed, compressed),
    holders: cache.holders,
  }
}

/** Removes networks that users made and that no container names, running or not. */
export async function pruneNetworks(
  engine: Engine,
  { filter = {} }: { readonly filter?: PruneFilter | undefined } = {},
): Promise<Pruned> {
  requireFacts(engine)
  const used = usedNetworks(engine)
  const networks: string[] = []
  for (const { name, createdAt, labels } of engine.records.networks.list()) {
    if (used.has(name) || !passesPruneFilter(filter, { at: createdAt, labels })) continue
    if (await removeUnused(engine, name)) networks.push(name)
  }
  await notePrune(engine, 'network', 0)
  return { ...nothingPruned, networks }
}

/** Returns false when a container uses it now, or another process has removed it. */
async function removeUnused(engine: Engine, name: string): Promise<boolean> {
  try {
    return await removeNetwork(engine, name, { force: true })
  } catch (error) {
    if (isStrakeError(error, 'CONFLICT')) return false
    throw error
  }
}
