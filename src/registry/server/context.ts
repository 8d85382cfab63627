import type { Exchange } from '#http'
import type { Descriptor, Digest } from '#oci'
import type { Registry } from '../registry.ts'
import type { UploadFacts } from '../store/uploads.ts'
import type { Access, Grant } from './access.ts'
import type { UploadLimits, UploadSessions } from './sessions.ts'

export interface RegistryHandlerOptions extends UploadLimits {
  /** Everybody may do everything unless given. */
  readonly access?: Access | undefined
  /** Where uploads in progress are kept; in memory unless given. */
  readonly uploads?: UploadFacts | undefined
  /** Refuse everything that changes something. */
  readonly readOnly?: boolean | undefined
  /** Accept DELETE of manifests, tags and blobs; on unless switched off. */
  readonly deletable?: boolean | undefined
  /** Accept an index or image although some of its manifests, layers or its config are missing. */
  readonly sparse?: boolean | undefined
  /**
   * The proved file that holds a blob, as a lazily read `Blob`, so that a server
   * may send it without passing it through this program. Called only after the
   * repository was found to hold the blob.
   */
  readonly openBlob?: ((blob: Descriptor) => Promise<Blob | undefined>) | undefined
  /**
   * Where else a client may get a blob, for a limited time and without
   * credentials: the answer is then a redirect. Called as `openBlob` is.
   */
  readonly locate?: ((digest: Digest) => Promise<URL | undefined>) | undefined
}

/** What the answer to one request is made from. */
export interface Context {
  readonly registry: Registry
  readonly sessions: UploadSessions
  readonly options: RegistryHandlerOptions
  readonly grant: Grant
  readonly exchange: Exchange
}

/** Answers one method of one endpoint. */
export type Route<E> = (context: Context, request: Request, endpoint: E) => Promise<Response>
