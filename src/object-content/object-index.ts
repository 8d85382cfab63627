import type { Digest, DigestAlgorithm } from '#oci'

/** An object of the bucket that has a blob. Keys are random; the index says what they mean. */
export interface IndexedObject {
  readonly digest: Digest
  readonly key: string
  /** Bytes. */
  readonly size: number
}

export interface UsedObject extends IndexedObject {
  /** Time of its last write or use, in milliseconds since 1970. */
  readonly usedAt: number
}

/** A blob that is being received: what any replica needs to go on. */
export interface IngestState {
  readonly id: string
  readonly algorithm: DigestAlgorithm
  /** The object that will have the blob. */
  readonly key: string
  /** Absent while there is no part. */
  readonly uploadId?: string | undefined
  /** The tags of the parts that the bucket has. */
  readonly parts: readonly string[]
  /** An object with the bytes behind the parts, which are too few for a part. */
  readonly tail?: { readonly key: string; readonly size: number } | undefined
  /** All bytes: those of the parts and of the tail. */
  readonly size: number
  /** Grows with each change, so that two replicas cannot both go on. */
  readonly version: number
}

/** Which objects have which blobs. Replicas share one index. */
export interface ObjectIndex {
  /** Finds the object of a digest, and renews its time of use if that is older than a minute. */
  use(digest: Digest): Promise<IndexedObject | undefined>
  /** Finds the object of a digest and leaves its time of use as it is. */
  look(digest: Digest): Promise<UsedObject | undefined>
  /**
   * Hides the object of a digest from `use`, until `restore` or `remove`, and for a minute at most:
   * the process that hides it may end. Hides nothing if its time of use is another one than `usedAt`.
   */
  hide(digest: Digest, usedAt?: number): Promise<UsedObject | undefined>
  restore(object: IndexedObject): Promise<void>
  /** Forgets a hidden object and queues it for deletion. */
  remove(object: IndexedObject): Promise<void>
  list(): AsyncIterable<UsedObject>
  readonly ingests: IngestIndex
  readonly trash: TrashIndex
}

export interface IngestIndex {
  /** Records an ingest, so that a sweep finds its objects. Returns the state of one that is there. */
  open(state: IngestState): Promise<IngestState>
  find(id: string): Promise<IngestState | undefined>
  /** Returns false when the state has another version than the one before `state`. */
  put(state: IngestState): Promise<boolean>
  /**
   * Records the object of an ingest, forgets the ingest and queues the keys `trash` for deletion, all
   * in one step. If another object has the digest already, that one is returned, and this one is
   * queued as well.
   */
  finish(id: string, object: IndexedObject, trash: readonly string[]): Promise<IndexedObject>
  remove(id: string): Promise<void>
  /** Replaces an ingest by `state`, which has another ID and is the next one that `list` yields. */
  discard(id: string, state: IngestState): Promise<void>
  /** Those that were last changed before a time. */
  list(before: number): AsyncIterable<IngestState>
}

/** Objects that are to be deleted from the bucket. */
export interface TrashIndex {
  add(keys: readonly string[]): Promise<void>
  /** Leaves out objects that have a blob. */
  list(limit: number): Promise<readonly string[]>
  forget(keys: readonly string[]): Promise<void>
}
