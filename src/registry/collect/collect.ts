import type { LocalStore } from '#content'
import type { Digest } from '#oci'
import {
  type FreedMember,
  type RegistryCollection,
  type UnheldClaim,
  useResolution,
} from '../store/collection.ts'

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
    const claims = await collection.claimUnheld(limits.blob, stepSize)
    const decided: UnheldClaim[] = []
    for (const claim of claims) {
      const { outcome, size } = claim.isHeld
        ? { outcome: 'held', size: 0 }
        : await remove(collection, content, claim.digest, limits.blob)
      // A push uses it. If it never links it, a later collection sees it again.
      if (outcome !== 'used') decided.push(claim)
      if (outcome !== 'gone') continue
      report.content += 1
      report.bytes += size
    }
    await collection.forgetUnheld(decided)
    if (claims.length < stepSize) return report
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
 * between the two, or a crash. Reads the whole list of content, so it runs rarely.
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

/** Removes content that a repository neither holds nor, for a push, has used since `before`. */
async function remove(
  collection: RegistryCollection,
  content: LocalStore,
  digest: Digest,
  before: number,
): Promise<{ readonly outcome: 'gone' | 'held' | 'used' | 'absent'; readonly size: number }> {
  let size = 0
  let reason: 'held' | 'used' | 'absent' = 'absent'
  const isGone = await content.deleteUnless(digest, async (blob) => {
    size = blob.size
    // A push that found the content in the store has renewed its time of use, and links it soon. The
    // store keeps what is used after this answer, too.
    reason = 'used'
    if (blob.usedAt > before) return true
    const isHeld = await collection.isHeld(digest)
    if (isHeld) reason = 'held'
    return isHeld
  })
  return { outcome: isGone ? 'gone' : reason, size }
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pause))
}
