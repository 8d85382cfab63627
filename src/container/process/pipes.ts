import {
  closeFile,
  makeLastingPipe,
  makePipe,
  ownPipeWriter,
  pipeIdentity,
  readPipe,
  type StdioSlot,
} from '#platform'
import type { OutputStream } from '../model/options.ts'
import { keepOpen } from './keep-open.ts'
import type { ProcessStreams } from './started.ts'

/** Pipes for a process without a terminal. */
export interface ProcessPipes {
  /** The ends that become the standard input, output and error of the process. */
  readonly slots: readonly [stdin: StdioSlot, stdout: StdioSlot, stderr: StdioSlot]
  /** Names the pipes of the output, by which another process finds them. */
  readonly identities: Readonly<Record<OutputStream, string>>
  /** The writing end of the input; absent without input. */
  readonly input: number | undefined
  /** Returns the other ends. Called when the process has been started. */
  open(): ProcessStreams
  /** Closes all ends. Called when the process cannot be started. */
  close(): void
}

export interface PipeOptions {
  readonly hasInput: boolean
  /** A process that prints waits while nobody reads, instead of being ended by SIGPIPE. */
  readonly lasts?: boolean | undefined
}

/**
 * Makes pipes. A container never gets a file of the host as a stream: its processes
 * could open such a file again for writing, and reach other files from a directory.
 */
export function makePipes({ hasInput, lasts }: PipeOptions): ProcessPipes {
  const make = lasts ? makeLastingPipe : makePipe
  const [stdout, stderr] = [make(), make()]
  const input = hasInput ? makePipe() : undefined
  const closeAll = (fds: readonly (number | undefined)[]): void => {
    for (const fd of fds) if (fd !== undefined) closeFile(fd)
  }
  const given = [stdout.write, stderr.write, input?.read]
  return {
    slots: [input?.read ?? 'ignore', stdout.write, stderr.write],
    identities: { stdout: pipeIdentity(stdout.read), stderr: pipeIdentity(stderr.read) },
    input: input?.write,
    open() {
      closeAll(given)
      const isOpen = new Set([stdout.read, stderr.read])
      const readToEnd = async function* (fd: number): AsyncGenerator<Uint8Array> {
        try {
          yield* readPipe(fd)
        } finally {
          isOpen.delete(fd)
        }
      }
      return {
        outputs: [
          { stream: 'stdout', bytes: readToEnd(stdout.read) },
          { stream: 'stderr', bytes: readToEnd(stderr.read) },
        ],
        input: input === undefined ? undefined : ownPipeWriter(input.write),
        resize() {},
        leave() {
          for (const fd of isOpen) keepOpen(fd)
        },
      }
    },
    close: () => closeAll([...given, stdout.read, stderr.read, input?.write]),
  }
}
