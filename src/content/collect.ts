import type { Descriptor, Digest } from '#oci'
import { isStrakeError } from '#oci'
import { childrenOf, isDocument, readDocument } from './graph.ts'
import type { LocalStore, StoredBlob } from './store.ts'

export interface CollectOptions {
  /**
   * True for content that somebody is about to refer to. Asked before a blob is
   * taken away and once more after that.
   */
  readonly isHeld: (blob: StoredBlob) => boolean | Promise<boolean>
  readonly signal?: AbortSignal
}

export interface Collected {
  readonly digests: readonly Digest[]
  /** Bytes. */
  readonly size: number
}

/**
 * Deletes every blob that no root reaches and nobody holds. Content below a
 * damaged or missing manifest cannot be told, so it is kept only if something
 * else reaches it.
 *
 * Others may work on the store meanwhile. Whoever wants a blob first makes
 * `isHeld` true, then looks for it, then makes a root of it, and only then lets
 * go. A blob is therefore moved out of sight before roots and holders are asked
 * for the last time: who found it before is seen now, who looks later gets it anew.
 */
export async function collect(
  store: LocalStore,
  roots: () => Iterable<Descriptor>,
  { isHeld, signal }: CollectOptions,
): Promise<Collected> {
  const reachable = new Reachable(store, signal)
  const isNeeded = async (blob: StoredBlob): Promise<boolean> => {
    await reachable.add(roots())
    return reachable.has(blob.digest) || (await isHeld(blob))
  }
  await reachable.add(roots())
  const digests: Digest[] = []
  let size = 0
  for await (const blob of store.list()) {
    signal?.throwIfAborted()
    if (reachable.has(blob.digest) || (await isHeld(blob))) continue
    if (!(await store.deleteUnless(blob.digest, isNeeded))) continue
    digests.push(blob.digest)
    size += blob.size
  }
  return { digests, size }
}

/** What roots reach; adding a root again costs nothing. */
class Reachable {
  readonly #store: LocalStore
  readonly #signal: AbortSignal | undefined
  readonly #found = new Set<Digest>()
  /** Apart from `#found`: what one root names as a mere blob may be another's manifest. */
  readonly #walked = new Set<Digest>()

  constructor(store: LocalStore, signal: AbortSignal | undefined) {
    this.#store = store
    this.#signal = signal
  }

  has(digest: Digest): boolean {
    return this.#found.has(digest)
  }

  async add(roots: Iterable<Descriptor>): Promise<void> {
    const pending = [...roots]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      this.#found.add(next.digest)
      if (!isDocument(next) || this.#walked.has(next.digest)) continue
      this.#walked.add(next.digest)
      pending.push(...(await childrenIn(this.#store, next, this.#signal)))
    }
  }
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
