import type { DescriptorWriter, ProcessExit, WindowSize } from '#platform'
import type { OutputStream } from '../model/options.ts'

/** The other ends of the standard streams of a process in a container. */
export interface ProcessStreams {
  /** Each chunk has its own memory. */
  readonly outputs: readonly {
    readonly stream: OutputStream
    readonly bytes: AsyncIterable<Uint8Array>
  }[]
  /**
   * The input of the process; absent if it has none. The input of a terminal ends only
   * by a key.
   */
  readonly input: DescriptorWriter | undefined
  /** Does nothing without a terminal. */
  resize(size: WindowSize): void
  /** Keeps the streams open for the process after this process has ended. */
  leave(): void
}

/** A started process in a container. */
export interface StartedProcess extends ProcessStreams {
  readonly pid: number
  readonly exited: Promise<ProcessExit>
  signal(signal: NodeJS.Signals | number): void
}
