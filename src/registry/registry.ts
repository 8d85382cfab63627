import type { ContentStore, TagStore } from '#content'
import type { Exchange } from '#http'
import type { Descriptor, Digest } from '#oci'
import type { Bytes } from '#stream'

/**
 * One repository of a registry. Manifests and blobs are told apart by media
 * type; writing tries "exists", then mount, then upload, so lazy bytes cost
 * nothing. What another repository holds is not here: `has`, `read` and
 * `resolve` answer for this repository only.
 */
export interface Repository extends ContentStore, TagStore {
  readonly name: string
  /** The blob's descriptor, as `application/octet-stream`. Throws `BLOB_UNKNOWN`. */
  resolveBlob(digest: Digest, signal?: AbortSignal): Promise<Descriptor>
  /**
   * Makes a blob of the repository `from` this repository's too, without moving
   * bytes; without `from`, a blob of any repository that `mayPull` allows.
   * `undefined` when there is nothing to mount: upload it instead.
   */
  mount(digest: Digest, options?: MountOptions): Promise<Descriptor | undefined>
  /**
   * Keeps a manifest of a media type that nobody here reads, byte for byte and
   * without a look at what it refers to. `resolve` then gives its descriptor.
   */
  writeOpaqueManifest(target: Descriptor, bytes: Bytes, signal?: AbortSignal): Promise<void>
  /**
   * Manifests whose `subject` is `subject`, with their artifact type and
   * annotations, and those that the referrers tag of clients lists.
   */
  referrers(subject: Digest, options?: ReferrersOptions): AsyncIterable<Descriptor>
}

export interface MountOptions {
  readonly from?: string | undefined
  /** Whether the sender may read a repository, `from` included; any unless given. */
  readonly mayPull?: ((repository: string) => boolean | Promise<boolean>) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReferrersOptions {
  readonly artifactType?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** One interface for the HTTP client, memory, the local store and proxies; the server is a function of it. */
export interface Registry {
  repository(name: string): Repository
  /** Names in lexical order. */
  repositories(options?: { readonly after?: string | undefined }): AsyncIterable<string>
}

/** `exchange` may be left out where a handler is called as a function. */
export type FetchHandler = (request: Request, exchange?: Exchange) => Promise<Response>

/**
 * Where a client finds a user name and secret for a registry; `undefined` means
 * anonymous. `repository` narrows the search where a store keeps several
 * accounts for one host.
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
