import { parseCacheFilters } from '#docker/filters/cache-filters'
import { type CacheUsage, cacheUsage } from '#engine/build-services/cache-usage'
import type { Engine } from '#engine/engine'
import { pruneCache, prunePartOfCache } from '#engine/store/prune'
import { type CacheFilter, passesCacheFilter } from '#engine/store/select-cache'
import { type Draft, type Method, serverStream, unary } from '#grpc'
import * as control from '../messages/control.ts'
import { timestamp } from '../progress/timestamp.ts'

/** `moby.buildkit.v1.Control`, as far as it is about the build cache. */
export function usageMethods(engine: Engine): readonly Method[] {
  return [
    unary(control.DiskUsage, async ({ filter, ageLimit }) => {
      const filters = readFilters(filter, ageLimit)
      const usages = await cacheUsage(engine)
      return { record: usages.filter((usage) => passesSome(filters, usage)).map(recordOf) }
    }),
    serverStream(control.Prune, async function* (request) {
      const before = await cacheUsage(engine)
      const removed = new Set(await prune(engine, request))
      for (const usage of before) if (removed.has(usage.id)) yield recordOf(usage)
    }),
  ]
}

/** Returns the IDs of what was removed. */
async function prune(engine: Engine, request: control.PruneRequest): Promise<readonly string[]> {
  const { reservedSpace, maxUsedSpace, minFreeSpace, keepDuration } = request
  const filters = readFilters(request.filter, keepDuration)
  // Zero is no limit.
  const limits = {
    reservedSpace: reservedSpace || undefined,
    maxUsedSpace: maxUsedSpace || undefined,
    minFreeSpace: minFreeSpace || undefined,
  }
  const isWhole = request.filter.every((text) => text === '') && keepDuration === 0n
  if (isWhole && Object.values(limits).every((limit) => limit === undefined)) {
    return (await pruneCache(engine)).cache
  }
  const removed: string[] = []
  for (const filter of filters) {
    removed.push(...(await prunePartOfCache(engine, { filter, limits })).cache)
  }
  return removed
}

/**
 * Reads filters, of which an entry must pass one. Each has conditions between commas, such as
 * `type==regular,id~=abc`. An empty text is no filter. Throws `INVALID`.
 */
function readFilters(texts: readonly string[], age: bigint): readonly CacheFilter[] {
  const unusedSince = age > 0n ? Date.now() - Number(age / 1_000_000n) : undefined
  const given = texts.length === 0 ? [''] : texts
  return given.map((text) => {
    const words = text.split(',').filter((word) => word !== '')
    const filter = parseCacheFilters(words.map((word) => word.replace(/(?:==|~=)/, '=')))
    return { ...filter, unusedSince: filter.unusedSince ?? unusedSince }
  })
}

function passesSome(filters: readonly CacheFilter[], usage: CacheUsage): boolean {
  return filters.some((filter) => passesCacheFilter(filter, usage))
}

function recordOf(usage: CacheUsage): Draft<typeof control.UsageRecord> {
  const { id, kind, size, createdAt, lastUsedAt, isBusy, isReclaimable } = usage
  return {
    ID: id,
    Mutable: kind === 'mount',
    InUse: isBusy,
    Size: size,
    CreatedAt: timestamp(createdAt.getTime()),
    LastUsedAt: timestamp(lastUsedAt.getTime()),
    UsageCount: 1,
    Description: kind === 'mount' ? `cached mount ${id}` : `step ${id.slice(0, 12)}`,
    RecordType: kind === 'mount' ? 'exec.cachemount' : 'regular',
    Shared: !isBusy && !isReclaimable,
  }
}
