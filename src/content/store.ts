import type { Descriptor, Digest, DigestAlgorithm } from '#oci'
import type { Bytes } from '#stream'

export interface ReadOptions {
  /** First byte, inclusive. */
  readonly start?: number
  /** Byte after the last one. */
  readonly end?: number
  /** The reader verifies the content itself, so that a source may save the work. */
  readonly readerVerifies?: boolean
  /** The reader is done with a chunk when it asks for the next: its memory may be used again. */
  readonly reusesChunks?: boolean
  readonly signal?: AbortSignal
}

export interface WriteOptions {
  /** A repository of the same registry that has the blob; only registries use it. */
  readonly mountFrom?: string
  /**
   * The same content from a later byte on. A store that kept part of an earlier
   * attempt asks for the rest only, and leaves `bytes` untouched.
   */
  readonly readFrom?: (start: number) => Bytes
  /** The caller has verified the bytes: a registry, which verifies them too, is sent them as they are. */
  readonly alreadyVerified?: boolean
  /**
   * Is given the content while it comes, when all of it is to be received. Only
   * stores of files can show it.
   */
  readonly onArriving?: (blob: Arriving) => void
  readonly signal?: AbortSignal
}

/** Content that somebody receives. */
export interface Arriving {
  /**
   * The bytes as they come, not proved, each chunk in the memory of the one before.
   * Throws when not all of them come; why, `write` says.
   */
  read(signal?: AbortSignal): Bytes
}

/** Anything that can serve blobs: memory, a directory, a registry's repository. */
export interface ContentSource {
  has(target: Descriptor, signal?: AbortSignal): Promise<boolean>
  /**
   * The content, verified: an iteration that ends without a throw has yielded
   * exactly the bytes `target` names (a range is not verified, only counted). A store
   * that proved the digest when it kept the content may prove it by a checksum now.
   * Throws `NOT_FOUND` or `BLOB_UNKNOWN`, `ContentMismatchError`.
   */
  read(target: Descriptor, options?: ReadOptions): Bytes
}

/**
 * How a store came to have content: it had it, it mounted the content of another
 * repository, or it received the bytes.
 */
export type WriteOutcome = 'exists' | 'mounted' | 'written'

/** Somewhere that also keeps them. */
export interface ContentStore extends ContentSource {
  /** Verified and idempotent; `bytes` is not touched when the content is already there. */
  write(expected: Descriptor, bytes: Bytes, options?: WriteOptions): Promise<WriteOutcome>
  /** For content whose digest is not known yet. */
  ingest(options?: IngestOptions): Promise<Ingest>
  /** Absent content is not an error. */
  delete(target: Descriptor): Promise<void>
}

export interface IngestOptions {
  /**
   * Resume this ingest if it is there, else create it under this id: at most 200
   * letters, digits, `.`, `_` and `-`. Throws `CONFLICT` while somebody holds it.
   */
  readonly id?: string
  /** What `commit` will name the content by; `sha256` unless given. */
  readonly algorithm?: DigestAlgorithm
}

/**
 * A blob being received, by one holder at a time. Disposing without `commit`
 * keeps what was received for a resume, unless that is nothing.
 */
export interface Ingest extends AsyncDisposable {
  readonly id: string
  /** Bytes received so far. */
  readonly size: number
  /** `bytes` may use the memory of a chunk again when it is asked for the next. */
  append(bytes: Bytes): Promise<void>
  /** Makes it content. Throws `ContentMismatchError` when `expected` names other bytes. */
  commit(expected?: Digest): Promise<Digest>
  /** Forgets everything received. */
  abort(): Promise<void>
}

/** A blob of a local store. */
export interface StoredBlob {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** When it was written, or last found to be there already: milliseconds since 1970. */
  readonly usedAt: number
}

/** What collection needs and no registry can offer. */
export interface LocalStore extends ContentStore {
  /** In no order; blobs that come and go meanwhile may be missed. */
  list(): AsyncIterable<StoredBlob>
  /**
   * Deletes a blob unless it is needed after all, which is asked when `has` does
   * not find it any more; then it comes back. False for what is kept or not there.
   */
  deleteUnless(
    digest: Digest,
    isNeeded: (blob: StoredBlob) => boolean | Promise<boolean>,
  ): Promise<boolean>
}

/** Names for content: tags of a repository. */
export interface TagStore {
  /** Throws `MANIFEST_UNKNOWN`. */
  resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor>
  tag(tag: string, target: Descriptor, signal?: AbortSignal): Promise<void>
  untag(tag: string): Promise<void>
  /** In lexical order. */
  tags(options?: { readonly after?: string }): AsyncIterable<string>
}
