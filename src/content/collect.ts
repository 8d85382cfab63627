import type { Descriptor, Digest } from '#oci'
import { isStrakeError } from '#oci'
import { childrenOf, isDocument, readDocument } from './graph.ts'
import type { LocalStore, StoredBlob } from './store.ts'

export interface CollectOptions {
  /**
   * True for content that a process is about to refer to. Called before a blob is hidden, and twice
   * after that: before and after `roots` is called.
   */
  readonly isHeld: (blob: StoredBlob) => boolean | Promise<boolean>
  readonly signal?: AbortSignal | undefined
}

export interface Collected {
  readonly digests: readonly Digest[]
  /** Bytes freed. */
  readonly size: number
}

/**
 * Deletes every blob that no root reaches and no process holds. The children of a
 * damaged or missing manifest are unknown, so they are kept only if another root
 * reaches them.
 *
 * Other processes may use the store at the same time. A process that needs a blob first makes
 * `isHeld` true, then looks for the blob, then makes it reachable from a root, and then ends its
 * hold. So this function hides a blob before the last check of roots and holders. A process that
 * found the blob earlier is noticed by that check; one that looks later fetches it again.
 */
export async function collect(
  store: LocalStore,
  roots: () => Iterable<Descriptor>,
  { isHeld, signal }: CollectOptions,
): Promise<Collected> {
  const reachable = new Reachable(store, signal)
  const isNeeded = async (blob: StoredBlob): Promise<boolean> => {
    // A process ends its hold only after it has made a root, and a reader holds a blob that it
    // found through a root before it relies on it. So one of these three checks notices it.
    if (await isHeld(blob)) return true
    await reachable.add(roots(), blob.digest)
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
    if (blob.links === 1) size += blob.size
  }
  return { digests, size }
}

/** Returns what `roots` reach, by the same rules as `collect`. */
export async function findReachable(
  store: LocalStore,
  roots: Iterable<Descriptor>,
): Promise<{ has(digest: Digest): boolean }> {
  const reachable = new Reachable(store, undefined)
  await reachable.add(roots)
  return reachable
}

/** The digests that roots reach. Adding a root twice costs nothing. */
class Reachable {
  readonly #store: LocalStore
  readonly #signal: AbortSignal | undefined
  readonly #found = new Set<Digest>()
  /**
   * The documents that were read. Separate from `#found`, because a blob of one root may be
   * a manifest of another.
   */
  readonly #walked = new Set<Digest>()
  /**
   * The documents that could not be read. They are read again at the next call, because another
   * process, or this one, may have put them back since. The index that names one is not read again.
   */
  readonly #unread = new Map<Digest, Descriptor>()

  constructor(store: LocalStore, signal: AbortSignal | undefined) {
    this.#store = store
    this.#signal = signal
  }

  has(digest: Digest): boolean {
    return this.#found.has(digest)
  }

  /** Adds `roots` and what is below them. `hidden` cannot be read now. */
  async add(roots: Iterable<Descriptor>, hidden?: Digest): Promise<void> {
    const pending = [...roots, ...this.#unread.values()]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { digest } = next
      this.#found.add(digest)
      if (!isDocument(next) || this.#walked.has(digest)) continue
      const children =
        digest === hidden ? undefined : await childrenIn(this.#store, next, this.#signal)
      if (children === undefined) {
        this.#unread.set(digest, next)
        continue
      }
      this.#unread.delete(digest)
      this.#walked.add(digest)
      pending.push(...children)
    }
  }
}

/** Returns `undefined` when the document cannot be read. */
async function childrenIn(
  store: LocalStore,
  descriptor: Descriptor,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[] | undefined> {
  try {
    return childrenOf(await readDocument(store, descriptor, signal))
  } catch (error) {
    if (isStrakeError(error)) return undefined
    throw error
  }
}
