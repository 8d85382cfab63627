import type { DescriptorWriter, ProcessExit, WindowSize } from '#platform'
import type { OutputStream } from '../model/options.ts'

/** Our ends of the standard streams of a process in a container. */
export interface ProcessStreams {
  /** Each chunk has memory of its own. */
  readonly outputs: readonly {
    readonly stream: OutputStream
    readonly bytes: AsyncIterable<Uint8Array>
  }[]
  /** What it reads; absent when it reads nothing. A terminal has no end of input but the key for it. */
  readonly input: DescriptorWriter | undefined
  /** Does nothing where there is no terminal. */
  resize(size: WindowSize): void
  /** Lets the process go on writing when this process ends. */
  leave(): void
}

/** A process in a container, from its start to its end. */
export interface StartedProcess extends ProcessStreams {
  readonly exited: Promise<ProcessExit>
  signal(signal: NodeJS.Signals): void
}
