import type { Socket } from 'node:net'

/** Milliseconds that a client may take for one thing. */
export interface Patience {
  /** The head of a request, from its first byte on, and the body of a request to upgrade. */
  readonly head: number
  /** Nothing at all, between two requests or before the first; `Infinity` on a Unix socket. */
  readonly silence: number
}

/** Ends connections whose clients take too long. The runtime has no such limit here. */
export interface Watch extends Disposable {
  readonly size: number
  add(socket: Socket): void
  /** A whole request was received on the connection. */
  busy(socket: Socket): void
  /** Its response has ended: the connection waits for the next request. */
  free(socket: Socket): void
  destroyAll(): void
}

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
      if (waiting !== undefined && isOver(socket, waiting, patience)) socket.destroy()
    }
  }
  const pause = Math.min(5000, patience.head / 4)
  const timer = setInterval(look, pause)
  timer.unref()
  return {
    get size() {
      return connections.size
    },
    add(socket) {
      wait(socket)
      socket.once('close', () => connections.delete(socket))
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
    [Symbol.dispose]: () => clearInterval(timer),
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
