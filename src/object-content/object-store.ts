import {
  anonymousId,
  checkIngestId,
  type Ingest,
  type IngestOptions,
  type LocalStore,
  type ReadOptions,
  rangeOf,
  type StoredBlob,
  type WriteOptions,
  type WriteOutcome,
} from '#content'
import type { Bucket } from '#objects'
import { type Descriptor, type Digest, digestAlgorithm, StrakeError } from '#oci'
import { type Bytes, createHasher, verified } from '#stream'
import { Budget } from './budget.ts'
import { dropIngest } from './drop-ingest.ts'
import { newKey } from './keys.ts'
import type { ObjectIndex, UsedObject } from './object-index.ts'
import { ObjectIngest } from './object-ingest.ts'

/** Bytes in memory on their way to the bucket, for all uploads of this process together. */
const memory = 96 * 1024 * 1024

/** Bytes in memory that are in the bucket already, and that the next request of an upload needs. */
const tailMemory = 16 * 1024 * 1024

/** Objects that one step of a sweep deletes. */
const sweepSize = 100

/** A store whose blobs are objects in a bucket, found by an index that replicas share. */
export interface ObjectStore extends LocalStore {
  /**
   * Forgets a blob whose object is absent or damaged, so that it can be written again. What is there of
   * the object is kept below `damaged/`, which nothing empties. Leaves a sound object alone.
   */
  setAside(digest: Digest): Promise<void>
  /** Returns a URL with which anybody can read a blob for some seconds. */
  locate(digest: Digest, seconds: number): Promise<URL | undefined>
  /**
   * Deletes objects that are queued for it, and drops ingests that were last changed more than
   * `olderThan` milliseconds ago.
   */
  sweep(olderThan: number): Promise<void>
}

/**
 * Opens the store of a bucket and an index. Replicas that share both see the same content. `now` is the
 * clock of the index.
 */
export function openObjectStore(
  bucket: Bucket,
  index: ObjectIndex,
  now: () => number = Date.now,
): ObjectStore {
  return new BucketStore(bucket, index, now)
}

class BucketStore implements ObjectStore {
  readonly #bucket: Bucket
  readonly #index: ObjectIndex
  readonly #now: () => number
  readonly #budget = new Budget(memory)
  readonly #tails = new Budget(tailMemory)
  readonly #held = new Set<string>()

  constructor(bucket: Bucket, index: ObjectIndex, now: () => number) {
    this.#bucket = bucket
    this.#index = index
    this.#now = now
  }

  async has({ digest, size }: Descriptor): Promise<boolean> {
    return (await this.#index.use(digest))?.size === size
  }

  async *read(target: Descriptor, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    options.signal?.throwIfAborted()
    const object = await this.#index.use(target.digest)
    if (object === undefined || object.size !== target.size) {
      throw new StrakeError('NOT_FOUND', `Cannot read ${target.digest}: the store does not have it`)
    }
    const { start, end, isWhole } = rangeOf(target, options)
    if (isWhole) yield* verified(this.#bucket.read(object.key), target)
    else yield* this.#bucket.read(object.key, start, end)
  }

  async write(
    expected: Descriptor,
    bytes: Bytes,
    options: WriteOptions = {},
  ): Promise<WriteOutcome> {
    if (await this.has(expected)) return 'exists'
    options.signal?.throwIfAborted()
    const ingest = await this.ingest({ algorithm: digestAlgorithm(expected.digest) })
    try {
      await ingest.append(verified(bytes, expected))
      await ingest.commit(expected.digest)
    } catch (error) {
      await ingest.abort()
      throw error
    }
    return 'written'
  }

  async ingest({ id: wanted, algorithm = 'sha256' }: IngestOptions = {}): Promise<Ingest> {
    const id = checkIngestId(wanted ?? anonymousId())
    if (this.#held.has(id)) {
      throw new StrakeError('CONFLICT', `Cannot open the ingest ${id}: another request holds it`)
    }
    this.#held.add(id)
    const release = (): boolean => this.#held.delete(id)
    try {
      const fresh = { id, algorithm, key: newKey(), parts: [], size: 0, version: 0 }
      const state = await this.#index.ingests.open(fresh)
      const isContinued = state.key !== fresh.key
      return new ObjectIngest(state, {
        ...{ bucket: this.#bucket, index: this.#index },
        ...{ budget: this.#budget, tails: this.#tails },
        ...{ isContinued, release },
      })
    } catch (error) {
      release()
      throw error
    }
  }

  async delete({ digest }: Descriptor): Promise<void> {
    const hidden = await this.#index.hide(digest)
    if (hidden !== undefined) await this.#index.remove(hidden)
  }

  async deleteUnless(
    digest: Digest,
    isNeeded: (blob: StoredBlob) => boolean | Promise<boolean>,
  ): Promise<boolean> {
    const found = await this.#index.look(digest)
    // What is needed is not hidden at all, because replicas may be reading it.
    if (found === undefined || (await isNeeded(describe(found)))) return false
    const hidden = await this.#index.hide(digest, found.usedAt)
    if (hidden === undefined) return false
    let isGone = false
    try {
      isGone = !(await isNeeded(describe(hidden)))
    } finally {
      if (!isGone) await this.#index.restore(hidden)
    }
    if (isGone) await this.#index.remove(hidden)
    return isGone
  }

  async *list(): AsyncGenerator<StoredBlob> {
    for await (const object of this.#index.list()) yield describe(object)
  }

  async setAside(digest: Digest): Promise<void> {
    const found = await this.#index.look(digest)
    if (found === undefined) return
    const status = await this.#bucket.status(found.key)
    // It is hidden only when it is known that nobody can read it.
    if (status !== undefined && (await this.#isSound(found))) return
    const hidden = await this.#index.hide(digest)
    if (hidden?.key !== found.key) return
    if (status !== undefined) {
      const aside = `damaged/${digest.replace(':', '-')}-${this.#now()}`
      await this.#bucket.write(aside, this.#bucket.read(found.key), status.size)
    }
    await this.#index.remove(hidden)
  }

  async #isSound({ digest, key }: UsedObject): Promise<boolean> {
    const hasher = createHasher(digestAlgorithm(digest))
    for await (const chunk of this.#bucket.read(key)) hasher.update(chunk)
    return hasher.digest() === digest
  }

  async locate(digest: Digest, seconds: number): Promise<URL | undefined> {
    const object = await this.#index.use(digest)
    return object && this.#bucket.locate(object.key, seconds)
  }

  async sweep(olderThan: number): Promise<void> {
    const { ingests, trash } = this.#index
    for await (const state of ingests.list(this.#now() - olderThan)) {
      if (this.#held.has(state.id)) continue
      // A replica that goes on with it now gets a conflict. After a crash here it is swept again.
      if (!(await ingests.put({ ...state, version: state.version + 1 }))) continue
      await dropIngest({ bucket: this.#bucket, index: this.#index }, state)
      await ingests.remove(state.id)
    }
    for (;;) {
      const keys = await trash.list(sweepSize)
      for (const key of keys) await this.#bucket.delete(key)
      await trash.forget(keys)
      if (keys.length < sweepSize) return
    }
  }
}

function describe({ digest, size, usedAt }: UsedObject): StoredBlob {
  return { digest, size, links: 1, usedAt }
}
