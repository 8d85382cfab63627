import type { Exchange } from '#http'
import type { Descriptor, Digest } from '#oci'
import type { Registry } from '../registry.ts'
import type { Quota } from '../store/facts.ts'
import type { Pull, RegistryLedger } from '../store/ledger.ts'
import type { UploadFacts } from '../store/uploads.ts'
import type { Access, Grant } from './access.ts'
import type { RegistryEvent, TagMoved } from './event.ts'
import type { UploadLimits, UploadSessions } from './upload/sessions.ts'

export interface RegistryHandlerOptions extends UploadLimits {
  /** Default: every sender has every right. */
  readonly access?: Access | undefined
  /** The storage for uploads in progress. Default: memory. */
  readonly uploads?: UploadFacts | undefined
  /** The rules for changes. Default: none. */
  readonly rules?: ChangeRules | undefined
  /** The log of tags, for the endpoint of their history. Default: no such endpoint. */
  readonly ledger?: RegistryLedger | undefined
  /** Called when a manifest was sent. */
  readonly onPull?: ((pull: Pull) => void) | undefined
  /** Called with everything that a request did, as its answer begins. Must not throw. */
  readonly onEvent?: ((event: RegistryEvent) => void) | undefined
  /** Reads what a tag meant before it is moved, for `onEvent`. */
  readonly tellsMoves?: boolean | undefined
  /** Called with the bytes of a blob that a request brought. */
  readonly onReceived?: ((bytes: number) => void) | undefined
  /** The most bytes of a blob. Default: no limit. */
  readonly maxBlobSize?: number | undefined
  /** Milliseconds that a body may pause. Default: `usualPace.silence`. */
  readonly bodySilence?: number | undefined
  /**
   * Returns true for a registry that is cached under its own name. A client that sends its name as
   * `ns`, as containerd does to a mirror, means the repositories below it.
   */
  readonly isCached?: ((registry: string) => boolean) | undefined
  /** Refuses every request that changes something. */
  readonly readOnly?: boolean | undefined
  /** Accepts DELETE of manifests, tags and blobs. Default: true. */
  readonly deletable?: boolean | undefined
  /** Accepts an index or image even if its config, manifests or layers are absent. */
  readonly sparse?: boolean | undefined
  /**
   * Returns the verified file of a blob as a lazily read `Blob`, so that the kernel can send
   * it. Called only for a blob that the repository holds.
   */
  readonly openBlob?: ((blob: Descriptor) => Promise<Blob | undefined>) | undefined
  /**
   * Returns another place where a client can get a blob for a limited time and without
   * credentials; the answer is then a redirect. Called only for a blob that the repository
   * holds.
   */
  readonly locate?: ((digest: Digest) => Promise<URL | undefined>) | undefined
}

/** Rules for changes of repositories. */
export interface ChangeRules {
  /** Returns the rule that forbids to move and to remove a tag, such as `immutable: v*`. */
  fixedBy(repository: string, tag: string): string | undefined
  quotasOf(repository: string, sender: string | undefined): readonly Quota[]
}

/** The parts from which the answer to one request is made. */
export interface Context {
  readonly registry: Registry
  readonly sessions: UploadSessions
  readonly options: RegistryHandlerOptions
  readonly grant: Grant
  readonly exchange: Exchange
  /** The tags that the request has moved so far. */
  readonly moves: TagMoved[]
}

/** Answers one method of one endpoint. */
export type Route<E> = (context: Context, request: Request, endpoint: E) => Promise<Response>
