import type { ContentStore, TagStore } from '#content'
import type { Exchange } from '#http'
import type { Descriptor, Digest } from '#oci'
import type { Bytes } from '#stream'
import type { Quota } from './store/facts.ts'

/**
 * One repository of a registry. The media type distinguishes manifests from blobs. A write
 * first checks whether the content exists, then tries a mount, then uploads; `bytes` is
 * read only by the upload. `has`, `read` and `resolve` see only this repository.
 */
export interface Repository extends ContentStore, TagStore {
  readonly name: string
  /** Returns a manifest with its verified bytes, in one request. Throws `MANIFEST_UNKNOWN`. */
  readManifest(reference: string, signal?: AbortSignal): Promise<FoundManifest>
  /** Returns the blob's descriptor, as `application/octet-stream`. Throws `BLOB_UNKNOWN`. */
  resolveBlob(digest: Digest, signal?: AbortSignal): Promise<Descriptor>
  /**
   * Adds a blob of the repository `from` to this repository without moving bytes. Without
   * `from`, takes a blob of any repository that `mayPull` allows. Returns `undefined` when
   * there is nothing to mount; the caller then uploads the blob.
   */
  mount(digest: Digest, options?: MountOptions): Promise<Descriptor | undefined>
  /**
   * Keeps a manifest of an unknown media type, byte for byte. Its references are not
   * checked. `resolve` then returns its descriptor.
   */
  writeOpaqueManifest(target: Descriptor, bytes: Bytes, signal?: AbortSignal): Promise<void>
  /**
   * Yields the manifests that are attached to `subject`, with their artifact type and
   * annotations: those that name it, and those that its referrers tag lists.
   */
  referrers(subject: Digest, options?: ReferrersOptions): AsyncIterable<Descriptor>
}

export interface FoundManifest {
  readonly descriptor: Descriptor
  /** Must not be changed. */
  readonly raw: Uint8Array<ArrayBuffer>
}

export interface MountOptions {
  readonly from?: string | undefined
  /** Returns true if the sender may read a repository. Default: every repository. */
  readonly mayPull?: ((repository: string) => boolean | Promise<boolean>) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReferrersOptions {
  readonly artifactType?: string | undefined
  /** Only those whose digest comes after this one. */
  readonly after?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** For whom a repository is opened, and the rules for changes. */
export interface Opening {
  readonly sender?: string | undefined
  /** Returns the rule that forbids to move and to remove a tag, such as `immutable: v*`. */
  readonly fixedBy?: ((tag: string) => string | undefined) | undefined
  readonly quotas?: readonly Quota[] | undefined
  /**
   * Returns true if the sender may read a repository. Asked before a mirror answers a name without a
   * prefix from its cache, whose own name has rules too. Default: every repository.
   */
  readonly mayPull?: ((repository: string) => boolean | Promise<boolean>) | undefined
  /** The header of that name for requests to an upstream. */
  readonly traceparent?: string | undefined
  /**
   * Called when an upstream could not be asked, with the milliseconds since it was, if they are known.
   */
  readonly onStale?: ((age: number | undefined) => void) | undefined
}

/** A registry: the HTTP client, memory, a local store, or a proxy. The server serves any of them. */
export interface Registry {
  /** Of `opening`, only `traceparent` has an effect on a registry that is reached over the network. */
  repository(name: string, opening?: Opening): Repository
  /** Names in lexical order. */
  repositories(options?: { readonly after?: string | undefined }): AsyncIterable<string>
  /**
   * Finds repositories by a word. Absent for registries of this machine. Returns `undefined` when
   * the registry cannot search.
   */
  search?(
    term: string,
    options: { readonly limit: number; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly FoundRepository[] | undefined>
}

/** A repository that a search has found. */
export interface FoundRepository {
  readonly name: string
  readonly description: string
  readonly stars: number
  readonly isOfficial: boolean
  readonly isAutomated: boolean
}

/** `exchange` is absent if a handler is called as a function. */
export type FetchHandler = (request: Request, exchange?: Exchange) => Promise<Response>

/**
 * Finds the user name and secret for a registry. Returns `undefined` for an anonymous
 * client. `repository` chooses among several accounts for one host.
 */
export type CredentialSource = (
  host: string,
  repository?: string,
) => Promise<Credential | undefined>

export interface Credential {
  readonly username: string
  readonly secret: string
  /** An OAuth2 refresh token (`identitytoken`); `username` is then `<token>`. */
  readonly identityToken?: string
  /** A ready bearer token (`registrytoken`). */
  readonly registryToken?: string
}
