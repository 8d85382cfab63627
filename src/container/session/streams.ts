import type { Bytes } from '#stream'
import type { OutputStream } from '../model/options.ts'

/**
 * A user's end of a container's standard streams. They may be the descriptors of a
 * command or the socket of a client of a server.
 */
export interface ContainerStreams {
  /** The user's input. Its end ends the input of the container, but not the session. */
  readonly input: Bytes
  /**
   * Takes output in the order of the calls. The container waits until the promise
   * resolves, and the session ends with its rejection.
   */
  output(stream: OutputStream, bytes: Uint8Array): Promise<void>
}
