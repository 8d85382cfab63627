import type { Bytes } from '#stream'
import type { OutputStream } from '../model/options.ts'

/**
 * The user's end of a container's standard streams, whatever carries them: the
 * descriptors of a command, or the socket of a client of a server.
 */
export interface ContainerStreams {
  /** What the user sends. Its end is the end of the container's input; nothing else of the session ends. */
  readonly input: Bytes
  /**
   * Takes output in the order of the calls. The container waits until the promise
   * resolves, and the session ends with its rejection.
   */
  output(stream: OutputStream, bytes: Uint8Array): Promise<void>
}
