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
  /**
   * Records an object. If another one has the digest already, that one is returned, and this one is
   * queued for deletion.
   */
  put(object: IndexedObject): Promise<IndexedObject>
  /** Hides the object of a digest from `use`, until `restore` or `remove`. */
  hide(digest: Digest): Promise<UsedObject | undefined>
  restore(object: IndexedObject): Promise<void>
  /** Forgets a hidden object and queues it for deletion. */
  remove(object: IndexedObject): Promise<void>
  list(): AsyncIterable<UsedObject>
  readonly ingests: IngestIndex
  readonly trash: TrashIndex
}

export interface IngestIndex {
  find(id: string): Promise<IngestState | undefined>
  /** Returns false when the state has another version than the one before `state`. */
  put(state: IngestState): Promise<boolean>
  remove(id: string): Promise<void>
  /** Those that were last changed before a time. */
  list(before: number): AsyncIterable<IngestState>
}

/** Objects that are to be deleted from the bucket. */
export interface TrashIndex {
  add(keys: readonly string[]): Promise<void>
  list(limit: number): Promise<readonly string[]>
  forget(keys: readonly string[]): Promise<void>
}
