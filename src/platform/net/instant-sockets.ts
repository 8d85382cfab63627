/**
 * Sockets that are made at once, without a turn of the event loop. So they belong to the network
 * namespace that the thread is in during the call.
 */

/** A socket, or a server. */
export interface OpenSocket extends Disposable {
  readonly port: number
}

/** Called with a datagram; `answer` sends one back. */
export type OnDatagram = (data: Uint8Array, answer: (data: Uint8Array) => void) => void

/** Binds a free UDP port of an address. Resolves when it receives. */
export async function bindUdp(address: string, onDatagram: OnDatagram): Promise<OpenSocket> {
  const socket = await Bun.udpSocket({
    hostname: address,
    port: 0,
    binaryType: 'uint8array',
    socket: {
      data(self, data, port, sender) {
        onDatagram(data, (answer) => void self.send(answer, port, sender))
      },
      error() {},
    },
  })
  return { port: socket.port, [Symbol.dispose]: () => socket.close() }
}

/** Sends a datagram and calls `onAnswer` with every answer of the other end. */
export async function askUdp(
  target: { readonly hostname: string; readonly port: number },
  data: Uint8Array,
  onAnswer: (data: Uint8Array) => void,
): Promise<Disposable> {
  const socket = await Bun.udpSocket({
    connect: target,
    binaryType: 'uint8array',
    socket: { data: (_, answer) => onAnswer(answer), error() {} },
  })
  socket.send(data)
  return { [Symbol.dispose]: () => socket.close() }
}

/** One end of a TCP connection. */
export interface TcpEnd {
  write(data: Uint8Array): void
  end(): void
}

export interface TcpHandlers {
  onData(data: Uint8Array, end: TcpEnd): void
  onClose?(end: TcpEnd): void
}

/** Listens on a free TCP port of an address. A connection without data ends after `idle` seconds. */
export function listenTcp(
  address: string,
  handlers: TcpHandlers & { readonly idle: number },
): OpenSocket {
  const listener = Bun.listen<undefined>({
    hostname: address,
    port: 0,
    socket: {
      open: (socket) => void socket.timeout(handlers.idle),
      data: (socket, data) => handlers.onData(data, socket),
      timeout: (socket) => void socket.end(),
      close: (socket) => handlers.onClose?.(socket),
      error() {},
    },
  })
  return { port: listener.port, [Symbol.dispose]: () => listener.stop(true) }
}

/** Connects and sends. Throws when there is no server. */
export async function askTcp(
  target: { readonly hostname: string; readonly port: number },
  data: Uint8Array,
  handlers: TcpHandlers,
): Promise<Disposable> {
  const socket = await Bun.connect({
    ...target,
    socket: {
      data: (self, answer) => handlers.onData(answer, self),
      close: (self) => handlers.onClose?.(self),
      error() {},
    },
  })
  socket.write(data)
  return { [Symbol.dispose]: () => socket.end() }
}
