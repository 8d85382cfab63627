import type { NamedContext } from '#engine/build/build'
import type { ReceivedImage, ResultReceiver } from '#engine/output/build-output'
import type { GivenCredentials } from '#engine/registry/with-credentials'
import type { Descriptor, Digest } from '#oci'
import type { Bytes } from '#stream'
import type { ClientCaches } from '../options/caches.ts'

type ServedImage = NonNullable<Extract<NamedContext, { kind: 'layout' }>['served']>

/** The stores of blobs that the client of a build serves. */
interface ClientStores {
  /** An image of a layout of the client. `store` is the name that the client has given it. */
  layout(store: string, digest: Digest): ServedImage
  /** Caches in directories of the client. `onPublished` is called with a manifest that was written. */
  caches(onPublished: (manifest: Descriptor) => void): ClientCaches
  /** The layout into which the client wants the image. The client writes its index. */
  readonly exports: ResultReceiver['blobs']
}

/** What the client of a build serves on its session. */
export interface BuildClient extends ClientStores {
  /**
   * Returns a directory for the files of one of its directories, which may have those of an earlier
   * build. No other build uses it until it is disposed.
   */
  keep(name: string, sharedKey: string): Promise<{ readonly path: string } & AsyncDisposable>
  /** Receives files of a directory of the client. Each call names all files that are wanted. */
  receive(request: FilesRequest): Promise<void>
  /** `undefined` when the client does not have the secret. */
  secret(id: string): Promise<Uint8Array | undefined>
  /** Opens a socket that leads to an SSH agent of the client; `undefined` when it has none. */
  openAgent(id: string): Promise<({ readonly path: string } & AsyncDisposable) | undefined>
  credentials(host: string): Promise<GivenCredentials | undefined>
  /** The archive that the client uploads as the context. */
  upload(path: string): Bytes
  /** Sends a result. `output` is the index of the exporter. */
  sendArchive(output: number, bytes: Bytes, image: ReceivedImage | undefined): Promise<void>
  sendDirectory(
    output: number,
    directory: string,
    onProgress: (bytes: number) => void,
  ): Promise<void>
}

export interface FilesRequest {
  /** The name of the directory, which the client has given it. */
  readonly name: string
  /** Where the files are put. What is there from an earlier call and did not change stays. */
  readonly directory: string
  /** Only these paths, with wildcards, and what their links lead to. Default: all. */
  readonly paths?: readonly string[] | undefined
  /** Patterns of an ignore file. */
  readonly exclude?: readonly string[] | undefined
  /** Called with the number of bytes that were received until now. */
  readonly onProgress?: ((bytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}
