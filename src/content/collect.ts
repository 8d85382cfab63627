import type { Descriptor, Digest } from '#oci'
import { isStrakeError } from '#oci'
import { childrenOf, isDocument, readDocument } from './graph.ts'
import type { LocalStore } from './store.ts'

export interface CollectOptions {
  /** Blobs used later than this many milliseconds ago stay: somebody may be about to refer to them. */
  readonly graceMs: number
  /** True for content that a lease keeps. Asked again right before each deletion. */
  readonly isHeld: (digest: Digest) => boolean | Promise<boolean>
  readonly now?: number
  readonly signal?: AbortSignal
}

export interface Collected {
  readonly digests: readonly Digest[]
  /** Bytes. */
  readonly size: number
}

/**
 * Deletes every blob that no root reaches, no lease holds and that was not used
 * within the grace time. Content below a damaged or missing manifest cannot be
 * told, so it is kept only if something else reaches it.
 */
export async function collect(
  store: LocalStore,
  roots: Iterable<Descriptor> | AsyncIterable<Descriptor>,
  options: CollectOptions,
): Promise<Collected> {
  const { graceMs, isHeld, now = Date.now(), signal } = options
  const reachable = await mark(store, roots, signal)
  const digests: Digest[] = []
  let size = 0
  for await (const blob of store.list()) {
    signal?.throwIfAborted()
    const { digest } = blob
    if (reachable.has(digest) || now - blob.usedAt < graceMs || (await isHeld(digest))) continue
    await store.delete({ mediaType: 'application/octet-stream', digest, size: blob.size })
    digests.push(digest)
    size += blob.size
  }
  return { digests, size }
}

async function mark(
  store: LocalStore,
  roots: Iterable<Descriptor> | AsyncIterable<Descriptor>,
  signal: AbortSignal | undefined,
): Promise<Set<Digest>> {
  const reachable = new Set<Digest>()
  const pending: Descriptor[] = []
  for await (const root of roots) pending.push(root)
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (reachable.has(next.digest)) continue
    reachable.add(next.digest)
    if (isDocument(next)) pending.push(...(await childrenIn(store, next, signal)))
  }
  return reachable
}

async function childrenIn(
  store: LocalStore,
  descriptor: Descriptor,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  try {
    return childrenOf(await readDocument(store, descriptor, signal))
  } catch (error) {
    if (isStrakeError(error)) return []
    throw error
  }
}
