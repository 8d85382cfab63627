import type { Descriptor, Digest, DigestAlgorithm } from '#oci'
import type { Bytes } from '#stream'
import type { Arrivals } from './arrivals.ts'

export interface ReadOptions {
  /** First byte, inclusive. */
  readonly start?: number | undefined
  /** Byte after the last one. */
  readonly end?: number | undefined
  /** The reader verifies the content, so the source need not. */
  readonly readerVerifies?: boolean | undefined
  /**
   * The reader does not keep a chunk when it requests the next, so the source may reuse the memory.
   */
  readonly reusesChunks?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface WriteOptions {
  /** A repository of the same registry that has the blob. Only registries use it. */
  readonly mountFrom?: string | undefined
  /**
   * Returns the same content from byte `start` on. A store that has a part from an earlier attempt
   * then requests only the rest, and does not read `bytes`.
   */
  readonly readFrom?: ((start: number) => Bytes) | undefined
  /**
   * The caller has verified the bytes. They are not verified again before they are sent to a
   * registry, which verifies them itself.
   */
  readonly alreadyVerified?: boolean | undefined
  /** Receives how to read the content during the transfer, from stores that can show it. */
  readonly arrivals?: Arrivals | undefined
  readonly signal?: AbortSignal | undefined
}

/** Anything that can serve blobs: memory, a directory, a registry's repository. */
export interface ContentSource {
  has(target: Descriptor, signal?: AbortSignal): Promise<boolean>
  /**
   * Yields the content and verifies it: an iteration that ends without an error has
   * yielded exactly the bytes of `target`. A range is counted but not verified. A store
   * that verified the digest when it stored the content may verify a checksum now. Throws
   * `NOT_FOUND` or `BLOB_UNKNOWN`, and `ContentMismatchError`.
   */
  read(target: Descriptor, options?: ReadOptions): Bytes
}

/**
 * How a store got the content: it had the content already, it mounted it from another repository,
 * or it received the bytes.
 */
export type WriteOutcome = 'exists' | 'mounted' | 'written'

/** A source that also stores blobs. */
export interface ContentStore extends ContentSource {
  /** Verifies and stores the bytes. Idempotent: it does not read `bytes` when it has the content. */
  write(expected: Descriptor, bytes: Bytes, options?: WriteOptions): Promise<WriteOutcome>
  /** Starts an ingest, for content whose digest is not yet known. */
  ingest(options?: IngestOptions): Promise<Ingest>
  /** Deletes the content. Absent content is not an error. */
  delete(target: Descriptor): Promise<void>
}

export interface IngestOptions {
  /**
   * Resumes the ingest with this ID, or creates it: at most 200 letters, digits, `.`, `_`
   * and `-`. Throws `CONFLICT` while another process holds it.
   */
  readonly id?: string | undefined
  /** The algorithm of the digest that `commit` returns; `sha256` unless given. */
  readonly algorithm?: DigestAlgorithm | undefined
  /** The approximate number of bytes, if known: large content is hashed in another thread. */
  readonly expectedSize?: number | undefined
}

/**
 * A blob that one process receives. Disposing it without `commit` keeps the received
 * bytes for a resume, if there are any.
 */
export interface Ingest extends AsyncDisposable {
  readonly id: string
  /** Bytes received so far. */
  readonly size: number
  /** Appends `bytes`, which may reuse the memory of a chunk for the next one. */
  append(bytes: Bytes): Promise<void>
  /** Stores the blob. Throws `ContentMismatchError` when `expected` is another digest. */
  commit(expected?: Digest): Promise<Digest>
  /** Sees what other processes have received. Absent where one process at a time has an ingest. */
  refresh?(): Promise<void>
  /** Drops all received bytes. */
  abort(): Promise<void>
}

/** A blob of a local store. */
export interface StoredBlob {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** Number of names of the file. Deleting a blob with another name frees no space. */
  readonly links: number
  /** Time of its last write or use, in milliseconds since 1970. */
  readonly usedAt: number
}

/** What a collection needs from a store. No registry can offer it. */
export interface LocalStore extends ContentStore {
  /**
   * Lists blobs in no order. May leave out blobs that are written or deleted during the iteration.
   */
  list(): AsyncIterable<StoredBlob>
  /**
   * Hides a blob from `has`, then calls the check, and deletes the blob unless the check
   * finds it needed. Returns false for a blob that is kept or absent.
   */
  deleteUnless(
    digest: Digest,
    isNeeded: (blob: StoredBlob) => boolean | Promise<boolean>,
  ): Promise<boolean>
}

/** The tags of a repository. */
export interface TagStore {
  /** Throws `MANIFEST_UNKNOWN`. */
  resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor>
  tag(tag: string, target: Descriptor, signal?: AbortSignal): Promise<void>
  untag(tag: string): Promise<void>
  /** In lexical order. */
  tags(options?: { readonly after?: string }): AsyncIterable<string>
}
