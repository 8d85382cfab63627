import {
  type DescriptorWriter,
  isSystemError,
  isTerminal,
  makeRaw,
  readInput,
  sharedWriter,
  type WindowSize,
  windowSize,
} from '#platform'
import type { Bytes } from '#stream'
import type { OutputStream } from '../model/options.ts'
import { outputLost } from './session-error.ts'
import type { ContainerStreams } from './streams.ts'

/** The descriptors of the terminal, pipe or file that a user reads and writes. */
export interface UserDescriptors {
  readonly stdin: number
  readonly stdout: number
  readonly stderr: number
}

/** How a session uses the terminal of a user. */
export interface TerminalUse {
  /** Send every key to the container. */
  readonly keys: boolean
  /** Called with the size whenever it changes. */
  readonly resize: (size: WindowSize) => void
}

/** Descriptors of this process as the streams of a user. */
export class DescriptorStreams implements ContainerStreams {
  readonly descriptors: UserDescriptors
  readonly #writers = new Map<OutputStream, DescriptorWriter>()

  /** Default: standard input, output and error. */
  constructor(descriptors: UserDescriptors = { stdin: 0, stdout: 1, stderr: 2 }) {
    this.descriptors = descriptors
  }

  get input(): Bytes {
    return readInput(this.descriptors.stdin)
  }

  async output(stream: OutputStream, bytes: Uint8Array): Promise<void> {
    let writer = this.#writers.get(stream)
    if (writer === undefined) {
      writer = sharedWriter(this.descriptors[stream])
      this.#writers.set(stream, writer)
    }
    try {
      await writer.write(bytes)
    } catch (error) {
      if (!isSystemError(error)) throw error
      throw outputLost(stream, error.code)
    }
  }

  /** Closes the writers that were opened for the descriptors. The descriptors stay open. */
  release(): void {
    for (const writer of this.#writers.values()) void writer.end()
    this.#writers.clear()
  }

  /** The size of the terminal behind the output; `undefined` when there is none. */
  get size(): WindowSize | undefined {
    return windowSize(this.descriptors.stdout)
  }

  /** Takes over the user's terminal, if there is one, until the scope is left. */
  enterTerminal({ keys, resize }: TerminalUse): Disposable {
    const { stdin } = this.descriptors
    const restore = keys && isTerminal(stdin) ? makeRaw(stdin) : undefined
    const pass = (): void => {
      const { size } = this
      if (size !== undefined) resize(size)
    }
    pass()
    process.on('SIGWINCH', pass)
    return {
      [Symbol.dispose]() {
        process.off('SIGWINCH', pass)
        restore?.()
      },
    }
  }
}
