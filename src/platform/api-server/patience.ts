import type { Socket } from 'node:net'

/** Milliseconds that a client may take for one thing. */
export interface Patience {
  /** The head of a request, from its first byte on, and the body of a request to upgrade. */
  readonly head: number
  /** Nothing at all, between two requests or before the first; `Infinity` on a Unix socket. */
  readonly silence: number
}

/**
 * Ends connections whose clients take too long, or have left: Bun closes the descriptor of a client
 * that has closed both directions, and tells nobody. The runtime has no limits of time here.
 */
export interface Watch extends Disposable {
  readonly size: number
  add(socket: Socket): void
  /** A whole request was received on the connection. */
  busy(socket: Socket): void
  /** Its response has ended: the connection waits for the next request. */
  free(socket: Socket): void
  destroyAll(): void
}

/** Milliseconds between two looks. */
const pause = 1000

interface Waiting {
  /** Bytes that had been received when the waiting began. */
  readonly bytes: number
  since: number
  /** The first bytes of a head have come. */
  hasBegun: boolean
}

export function watchConnections(patience: Patience): Watch {
  /** `undefined` for a connection in the middle of a request. */
  const connections = new Map<Socket, Waiting | undefined>()
  const wait = (socket: Socket): void => {
    connections.set(socket, { bytes: socket.bytesRead, since: Date.now(), hasBegun: false })
  }
  const look = (): void => {
    for (const [socket, waiting] of connections) {
      const isLate = waiting !== undefined && isOver(socket, waiting, patience)
      if (isLate || socket.pending) socket.destroy()
    }
  }
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    get size() {
      return connections.size
    },
    add(socket) {
      wait(socket)
      socket.once('close', () => {
        connections.delete(socket)
        if (connections.size === 0) stop()
      })
      // A server without connections does not wake up.
      timer ??= setInterval(look, Math.min(pause, patience.head / 4))
      timer.unref()
    },
    busy(socket) {
      if (connections.has(socket)) connections.set(socket, undefined)
    },
    free(socket) {
      if (connections.has(socket)) wait(socket)
    },
    destroyAll() {
      for (const socket of connections.keys()) socket.destroy()
    },
    [Symbol.dispose]: stop,
  }
}

/** Notes the moment when a head begins; later bytes do not extend the time. */
function isOver(socket: Socket, waiting: Waiting, patience: Patience): boolean {
  const now = Date.now()
  if (!waiting.hasBegun && socket.bytesRead > waiting.bytes) {
    waiting.hasBegun = true
    waiting.since = now
  }
  return now - waiting.since > (waiting.hasBegun ? patience.head : patience.silence)
}
