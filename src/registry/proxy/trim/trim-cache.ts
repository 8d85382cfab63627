import type { LocalStore } from '#content'
import type { Digest } from '#oci'
import type { RegistryCollection } from '../../store/collection.ts'
import { unlessUnknown } from '../upstream.ts'
import {
  type CachedManifest,
  cachedBytes,
  lastUse,
  listCached,
  type Pins,
  type TrimmedRegistry,
} from './cached.ts'

/** A cache that gives space back. */
export interface TrimmedCache extends TrimmedRegistry {
  readonly collection: RegistryCollection
  /** Absent for a store that collects by itself. */
  readonly content: LocalStore | undefined
}

export interface TrimOptions {
  /** The first parts of the names of the cached repositories. */
  readonly prefixes: readonly string[]
  /** Removes until the repositories hold no more bytes than this. Default: no limit. */
  readonly maxSize?: number | undefined
  /** Removes what was last used before this time, in milliseconds since 1970. */
  readonly unusedSince?: number | undefined
  readonly pins?: Pins | undefined
  /** Returns milliseconds since 1970. */
  readonly now: () => number
  /** Only reports. */
  readonly dryRun?: boolean | undefined
  readonly onRemoved?: ((manifest: CachedManifest) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface TrimReport {
  readonly manifests: number
  readonly blobs: number
  /** Bytes that the repositories do not hold any more. */
  readonly bytes: number
}

/** Milliseconds after its last use for which nothing is removed: a pull may go on. */
const stillUsed = 600_000

/**
 * Removes manifests of a cache, those first that were pulled longest ago, and the blobs that only
 * they name. What a rule pins stays, and what was used a moment ago. A later pull fetches it again.
 */
export async function trimCache(cache: TrimmedCache, options: TrimOptions): Promise<TrimReport> {
  const { prefixes, maxSize = Number.POSITIVE_INFINITY, unusedSince = 0, pins, now } = options
  const report = { manifests: 0, blobs: 0, bytes: 0 }
  const size = await cachedBytes(cache, prefixes)
  if (size <= maxSize && unusedSince <= 0) return report
  const limit = now() - stillUsed
  const found: CachedManifest[] = []
  for await (const each of listCached(cache, prefixes, pins)) {
    if (each.pinnedBy === undefined && each.usedAt <= limit) found.push(each)
  }
  found.sort((one, other) => one.usedAt - other.usedAt)
  for (const each of found) {
    options.signal?.throwIfAborted()
    if (size - report.bytes <= maxSize && each.usedAt >= unusedSince) break
    const freed = options.dryRun ? { blobs: 0, bytes: each.size } : await remove(cache, each, limit)
    report.manifests += 1
    report.blobs += freed.blobs
    report.bytes += freed.bytes
    options.onRemoved?.(each)
  }
  return report
}

async function remove(
  cache: TrimmedCache,
  { repository, digest, mediaType, size }: CachedManifest,
  limit: number,
): Promise<{ readonly blobs: number; readonly bytes: number }> {
  const own = cache.registry.repository(repository)
  await unlessUnknown(own.delete({ mediaType, digest, size }))
  let [blobs, bytes] = [0, size]
  const gone = [digest]
  for (const { descriptor } of await freeBlobs(cache, repository, limit)) {
    await unlessUnknown(own.delete(descriptor))
    blobs += 1
    bytes += descriptor.size
    gone.push(descriptor.digest)
  }
  await dropContent(cache, gone, limit)
  return { blobs, bytes }
}

/** Returns the blobs that no manifest of the repository names. */
async function freeBlobs({ ledger }: TrimmedCache, repository: string, limit: number) {
  const members = await Array.fromAsync(ledger.members(repository, 'blob'))
  return members.filter((each) => each.freeSince !== undefined && lastUse(each) <= limit)
}

/** Gives the space of content back that no other repository holds and no push has found just now. */
async function dropContent(
  { collection, content }: TrimmedCache,
  digests: readonly Digest[],
  limit: number,
): Promise<void> {
  if (content === undefined) return
  // The notes that nothing holds them stay; a later collection removes those.
  for (const digest of digests) {
    await content.deleteUnless(
      digest,
      async (blob) => blob.usedAt > limit || (await collection.isHeld(digest)),
    )
  }
}
