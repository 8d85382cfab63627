import type { LocalStore } from '#content'
import type { Digest } from '#oci'
import { type FreedMember, type RegistryCollection, useResolution } from '../store/collection.ts'

export interface CollectOptions {
  /** Milliseconds for which untagged manifests stay pullable by digest. */
  readonly keepManifests: number
  /** Milliseconds for which blobs stay that no manifest names, and content that no repository holds. */
  readonly keepBlobs: number
  /** Returns milliseconds since 1970. */
  readonly now: () => number
  readonly signal?: AbortSignal | undefined
  /** Called for every member that has left its repository. */
  readonly onFreed?: ((member: FreedMember) => void) | undefined
}

export interface CollectReport {
  readonly manifests: number
  readonly blobs: number
  /** Content that the store does not have any more, and its bytes. */
  readonly content: number
  readonly bytes: number
}

/** Members or blobs that one step handles. Requests are answered between steps. */
const stepSize = 100

/** Milliseconds between two steps. */
const pause = 2

/**
 * Removes what nothing has held for the stated times, while the registry serves. The facts of a
 * member go first, its content only when no repository has held it for the time of blobs. Costs
 * what there is to remove, not what the registry holds. `content` is absent for a store that
 * collects by itself.
 */
export async function collect(
  collection: RegistryCollection,
  content: LocalStore | undefined,
  options: CollectOptions,
): Promise<CollectReport> {
  const report = { manifests: 0, blobs: 0, content: 0, bytes: 0 }
  const limits = freeLimits(options)
  for (;;) {
    options.signal?.throwIfAborted()
    const freed = await collection.removeFree(limits, stepSize)
    for (const member of freed) {
      if (member.kind === 'manifest') report.manifests += 1
      else report.blobs += 1
      options.onFreed?.(member)
    }
    if (freed.length < stepSize) break
    await breathe()
  }
  if (content === undefined) return report
  for (;;) {
    options.signal?.throwIfAborted()
    const digests = await collection.listUnheld(limits.blob, stepSize)
    const kept: Digest[] = []
    for (const digest of digests) {
      const size = await remove(collection, content, digest, limits.blob)
      if (size === undefined) kept.push(digest)
      else {
        report.content += 1
        report.bytes += size
      }
    }
    await collection.forgetUnheld(digests)
    // A push uses them. If it never links them, the next collection sees them again.
    await collection.noteUnheld(kept)
    if (digests.length < stepSize) return report
    await breathe()
  }
}

/** Returns the times before which something must have become free to be removed now. */
export function freeLimits({
  keepManifests,
  keepBlobs,
  now,
}: Pick<CollectOptions, 'keepManifests' | 'keepBlobs' | 'now'>): {
  readonly manifest: number
  readonly blob: number
} {
  const at = now() - useResolution
  return { manifest: at - keepManifests, blob: at - keepBlobs }
}

/**
 * Records content that no repository holds and that no removal has noted: a push may have been cut
 * between the two, or a crash. Reads the whole list of content, so it runs once for each server.
 */
export async function noteLost(
  collection: RegistryCollection,
  content: LocalStore,
  signal?: AbortSignal,
): Promise<void> {
  let digests: Digest[] = []
  const note = async (): Promise<void> => {
    signal?.throwIfAborted()
    await collection.noteUnheld(digests)
    digests = []
    await breathe()
  }
  for await (const { digest } of content.list()) {
    if (digests.push(digest) >= stepSize) await note()
  }
  await note()
}

/** Returns the bytes of content that was removed, or `undefined` if it is needed or absent. */
async function remove(
  collection: RegistryCollection,
  content: LocalStore,
  digest: Digest,
  before: number,
): Promise<number | undefined> {
  let size = 0
  const isGone = await content.deleteUnless(digest, async (blob) => {
    size = blob.size
    // A push that found the content in the store has renewed its time of use, and links it soon.
    return blob.usedAt > before || (await collection.isHeld(digest))
  })
  return isGone ? size : undefined
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pause))
}
