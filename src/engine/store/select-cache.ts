import type { CacheUsage } from '../build-services/cache-usage.ts'

/** Conditions on entries of the build cache. An entry must meet all of them. */
export interface CacheFilter {
  /** Not used since this time; milliseconds since 1970. */
  readonly unusedSince?: number | undefined
  /** Beginnings of IDs. */
  readonly ids?: readonly string[] | undefined
  readonly kinds?: readonly CacheUsage['kind'][] | undefined
  /** Whether something else needs the bytes: an image, or a running build. */
  readonly isShared?: boolean | undefined
  /** Whether a running build uses it. */
  readonly isBusy?: boolean | undefined
}

/** How much of the build cache a prune keeps; bytes. Absent limits are no limits. */
export interface CacheLimits {
  /** This much is kept in any case. */
  readonly reservedSpace?: number | undefined
  /** At most this much is kept. */
  readonly maxUsedSpace?: number | undefined
  /** Entries are removed until the disk has this much free. */
  readonly minFreeSpace?: number | undefined
}

export function passesCacheFilter(filter: CacheFilter, usage: CacheUsage): boolean {
  const { unusedSince, ids, kinds, isShared, isBusy } = filter
  return (
    (unusedSince === undefined || usage.lastUsedAt.getTime() < unusedSince) &&
    (ids === undefined || ids.some((id) => usage.id.startsWith(id))) &&
    (kinds === undefined || kinds.includes(usage.kind)) &&
    (isShared === undefined || isShared !== usage.isReclaimable) &&
    (isBusy === undefined || isBusy === usage.isBusy)
  )
}

export interface SelectOptions {
  readonly filter: CacheFilter
  readonly limits: CacheLimits
  /** Free bytes of the disk. */
  readonly free: number
}

/**
 * Returns the entries to remove: those that pass the filter, the least recently used first, until
 * the rest is within the limits. Without limits all of them.
 *
 * @param usages the last used one first
 */
export function selectCache(
  usages: readonly CacheUsage[],
  { filter, limits, free }: SelectOptions,
): readonly CacheUsage[] {
  const total = usages.reduce((sum, { size }) => sum + size, 0)
  const most = mostKept(limits, { total, free })
  let kept = total
  return usages.toReversed().filter((usage) => {
    if (kept <= most || usage.isBusy || !passesCacheFilter(filter, usage)) return false
    kept -= usage.size
    return true
  })
}

function mostKept(
  { reservedSpace, maxUsedSpace, minFreeSpace }: CacheLimits,
  { total, free }: { readonly total: number; readonly free: number },
): number {
  const hasNone = [reservedSpace, maxUsedSpace, minFreeSpace].every((one) => one === undefined)
  // Below every sum, so that entries without bytes are removed too.
  if (hasNone) return -1
  const bounds = [
    ...(maxUsedSpace === undefined ? [] : [maxUsedSpace]),
    ...(minFreeSpace === undefined ? [] : [total - Math.max(0, minFreeSpace - free)]),
  ]
  return Math.max(reservedSpace ?? 0, bounds.length === 0 ? 0 : Math.min(...bounds))
}
