import { chunkQueue } from './chunk-queue.ts'

/** One end of a connection over a unix socket. */
export interface UnixConnection {
  /** What the other end sends until it sends no more. Each chunk has its own memory. The other end waits while it is not read. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Resolves when the kernel has accepted all bytes, or when the connection is closed. */
  write(bytes: Uint8Array): Promise<void>
  /** Sends no more after the earlier writes. The other end can still send. */
  finish(): void
  /** Closes the connection at once. */
  destroy(): void
  /** Resolves when both ends have finished, or when the connection was destroyed. */
  readonly closed: Promise<void>
  readonly isClosed: boolean
}

/** A server at a path. Disposing it accepts no more connections; those that exist stay. */
export interface UnixServer extends Disposable {}

/**
 * Listens at a path, which must not exist. `node:net` would do the same with two megabytes and eight
 * milliseconds more.
 */
export function listenUnix(
  path: string,
  onConnection: (connection: UnixConnection) => void,
): UnixServer {
  const listener = Bun.listen<SocketEnd | undefined>({
    unix: path,
    allowHalfOpen: true,
    socket: {
      ...handlers,
      open(socket) {
        socket.data = new SocketEnd(socket)
        onConnection(socket.data)
      },
    },
  })
  return { [Symbol.dispose]: () => listener.stop() }
}

/**
 * Connects to a server. Throws an error of the system: `ENOENT`, `ECONNREFUSED`, and `ECONNRESET` if the
 * server ends before it accepts.
 */
export async function connectUnix(path: string): Promise<UnixConnection> {
  const connected = Promise.withResolvers<SocketEnd>()
  await Bun.connect<SocketEnd | undefined>({
    unix: path,
    allowHalfOpen: true,
    socket: {
      ...handlers,
      // Called before the first data.
      open(socket) {
        socket.data = new SocketEnd(socket)
        connected.resolve(socket.data)
      },
    },
  })
  return await connected.promise
}

type Socket = Bun.Socket<SocketEnd | undefined>

const handlers = {
  data: (socket: Socket, chunk: Uint8Array) => socket.data?.take(chunk),
  drain: (socket: Socket) => socket.data?.drain(),
  end: (socket: Socket) => socket.data?.endOfInput(),
  close: (socket: Socket) => socket.data?.close(),
  // `close` follows.
  error() {},
}

/** Bytes that wait for their reader. With more, the other end waits. */
const mostWaiting = 256 * 1024

class SocketEnd implements UnixConnection {
  readonly #socket: Socket
  readonly #closed = Promise.withResolvers<void>()
  readonly #input = chunkQueue(mostWaiting, {
    onFull: () => void this.#socket.pause(),
    onRoom: () => void this.#socket.resume(),
  })
  #room = Promise.withResolvers<void>()
  #last: Promise<void> = Promise.resolve()
  isClosed = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  get bytes(): AsyncIterable<Uint8Array> {
    return this.#input.chunks
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#last = this.#last.then(() => this.#writeAll(bytes))
    return this.#last
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let left = bytes; left.length > 0 && !this.isClosed; ) {
      this.#room = Promise.withResolvers()
      left = left.subarray(Math.max(0, this.#socket.write(left)))
      if (left.length > 0) await this.#room.promise
    }
  }

  finish(): void {
    void this.#last.then(() => {
      if (!this.isClosed) this.#socket.shutdown()
    })
  }

  destroy(): void {
    this.#socket.terminate()
  }

  take(chunk: Uint8Array): void {
    this.#input.add(chunk)
  }

  drain(): void {
    this.#room.resolve()
  }

  /** The other end sends no more. As with other sockets, this end then finishes too. */
  endOfInput(): void {
    this.#input.end()
    this.finish()
  }

  close(): void {
    this.isClosed = true
    this.#input.end()
    this.#room.resolve()
    this.#closed.resolve()
  }
}
