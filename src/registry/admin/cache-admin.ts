import { cachedBytes, listCached, type Pins } from '../proxy/trim/cached.ts'
import { type TrimmedCache, trimCache } from '../proxy/trim/trim-cache.ts'
import type { CacheAdmin } from './admin.ts'

/** The most manifests of a list. */
const mostListed = 200

export interface CacheAdminOptions {
  /** The first parts of the names of cached repositories. */
  readonly prefixes: readonly string[]
  readonly maxSize?: number | undefined
  readonly pins?: Pins | undefined
  readonly now?: (() => number) | undefined
}

/** Shows and empties the caches of a registry while it serves. */
export function createCacheAdmin(cache: TrimmedCache, options: CacheAdminOptions): CacheAdmin {
  const { prefixes, maxSize, pins, now = Date.now } = options
  return {
    async list() {
      const bytes = await cachedBytes(cache, prefixes)
      const found = await Array.fromAsync(listCached(cache, prefixes, pins))
      found.sort((one, other) => other.usedAt - one.usedAt)
      return { bytes, maxSize, manifests: found.length, first: found.slice(0, mostListed) }
    },
    async prune({ keep, unusedFor }) {
      const unusedSince = unusedFor === undefined ? undefined : now() - unusedFor
      return await trimCache(cache, { prefixes, pins, maxSize: keep, unusedSince, now })
    },
  }
}
