import { closeSync } from 'node:fs'
import { makePipe, ownPipeWriter, readPipe } from '#platform'
import { keepChunk } from '#stream'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import type { ContainerStreams } from '../session/streams.ts'

/** A user at one end of a container's streams. */
export interface User {
  readonly streams: ContainerStreams
  /** Resolves when the session has read the text. */
  type(text: string | Uint8Array): Promise<void>
  /** Ends the input. */
  endInput(): Promise<void>
  /** Begins to read the session's output. */
  read(): void
  /** All output so far, by stream. */
  text(): { readonly out: string; readonly err: string }
  /** Closes the reading end for good. */
  hangUp(): void
  /** Resolves when everything that the ended session wrote is in `text`. */
  close(): Promise<void>
}

export interface UserOptions {
  /** Read nothing before `read` is called. */
  readonly isSlow?: boolean
}

type OpenUser = (options?: UserOptions) => User

/** All kinds of streams of a user. */
export const users: readonly (readonly [name: string, open: OpenUser])[] = [
  ['descriptors', openDescriptors],
  ['bytes', openBytes],
]

/** The streams of a command: three pipes. */
function openDescriptors({ isSlow = false }: UserOptions = {}): User {
  const [stdin, stdout, stderr] = [makePipe(), makePipe(), makePipe()]
  const input = ownPipeWriter(stdin.write)
  const ready = gate(isSlow)
  const [out, err] = [collector(), collector()]
  const collect = async (fd: number, into: Collector): Promise<void> => {
    await ready.opened
    if (ready.isClosed()) return closeSync(fd)
    for await (const chunk of readPipe(fd)) {
      if (ready.isClosed()) break
      into.add(chunk)
    }
  }
  const collected = Promise.all([collect(stdout.read, out), collect(stderr.read, err)])
  const descriptors = { stdin: stdin.read, stdout: stdout.write, stderr: stderr.write }
  return {
    streams: new DescriptorStreams(descriptors),
    type: (text) => input.write(bytesOf(text)),
    endInput: () => input.end(),
    read: ready.open,
    text: () => ({ out: out.text(), err: err.text() }),
    hangUp: ready.close,
    async close() {
      await input.end()
      for (const fd of Object.values(descriptors)) closeSync(fd)
      await collected
    },
  }
}

/** The streams of a server: the bytes of a client's socket. */
export function openBytes({ isSlow = false }: UserOptions = {}): User {
  const ready = gate(isSlow)
  const [out, err] = [collector(), collector()]
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  return {
    streams: {
      input: readable,
      async output(stream, bytes) {
        await ready.opened
        if (ready.isClosed()) throw new Error('the client has gone')
        const into = stream === 'stdout' ? out : err
        into.add(keepChunk(bytes))
      },
    },
    type: (text) => writer.write(bytesOf(text)),
    endInput: () => writer.close(),
    read: ready.open,
    text: () => ({ out: out.text(), err: err.text() }),
    hangUp: ready.close,
    close: async () => {},
  }
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text
}

/** A gate that holds readers back until it is opened. */
function gate(isSlow: boolean) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let closed = false
  if (!isSlow) resolve()
  return {
    opened: promise,
    open: resolve,
    isClosed: () => closed,
    close() {
      closed = true
      resolve()
    },
  }
}

interface Collector {
  add(chunk: Uint8Array): void
  text(): string
}

function collector(): Collector {
  const chunks: Uint8Array[] = []
  return {
    add: (chunk) => void chunks.push(chunk),
    text: () => Buffer.concat(chunks).toString(),
  }
}
