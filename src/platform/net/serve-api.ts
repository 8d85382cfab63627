import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { createServer as createListener, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { plainAddress, requestWith, sendBody, sendResponse, toRequest } from './node-exchange.ts'

/** The sender of a request. */
export interface ApiPeer {
  /** An IP address; empty on a Unix socket. */
  readonly address: string
  readonly canFreeBody: false
  readonly upgrade?: ConnectionUpgrade | undefined
}

/** The wish of the sender of a request to use its connection in another way. */
export interface ConnectionUpgrade {
  /** The value of the header `Upgrade`. */
  readonly protocol: string
  /** Returns the response 101. `use` is called with the connection after the head was sent. */
  accept(headers: Readonly<Record<string, string>>, use: (connection: Duplex) => void): Response
}

export type ApiHandler = (request: Request, peer: ApiPeer) => Promise<Response>

export interface ServeApiOptions {
  /** The path of a Unix socket. */
  readonly unix?: string | undefined
  /** A descriptor of a socket that listens already, as systemd passes it. */
  readonly descriptor?: number | undefined
  /** Called with every connection that begins with the preface of HTTP/2. */
  readonly onHttp2?: ((connection: Duplex) => void) | undefined
}

export interface ApiServer extends AsyncDisposable {
  /** Resolves when no connection was open for this time. */
  idle(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** The largest head of a request, in bytes. A request with a body has no limit here. */
const largestHead = 64 * 1024

/** The largest body of a request to change the protocol. `exec` sends a few hundred bytes. */
const largestUpgradeBody = 1024 * 1024

/**
 * Serves a handler that may take connections over. Every other server uses `serve`. The first
 * bytes of a connection tell HTTP/1 from HTTP/2, because the parser of HTTP/1 loses a connection
 * that begins with HTTP/2.
 */
export async function serveApi(handler: ApiHandler, options: ServeApiOptions): Promise<ApiServer> {
  const http = createServer(
    { headersTimeout: 60_000, requestTimeout: 0, maxHeaderSize: largestHead, keepAliveTimeout: 0 },
    (incoming, outgoing) => {
      const abort = new AbortController()
      outgoing.once('close', () => abort.abort())
      const peer = {
        address: plainAddress(incoming.socket.remoteAddress),
        canFreeBody: false,
      } as const
      const respond = async (): Promise<void> =>
        await sendResponse(
          await handler(toRequest(incoming, abort.signal), peer),
          incoming,
          outgoing,
        )
      respond().catch(() => outgoing.destroy())
    },
  )
  http.on('upgrade', (incoming, socket, head) => {
    upgrade(handler, incoming, { socket, head }).catch(() => socket.destroy())
  })
  const connections = new Set<Socket>()
  let lastClosed = Date.now()
  const listener = createListener({ allowHalfOpen: true }, (socket) => {
    connections.add(socket)
    socket.once('close', () => {
      connections.delete(socket)
      lastClosed = Date.now()
    })
    // A client that closes early is no failure of the server.
    socket.on('error', () => socket.destroy())
    route(socket, http, options.onHttp2)
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    const { unix, descriptor } = options
    listener.listen(descriptor === undefined ? { path: unix } : { fd: descriptor }, resolve)
  })
  return {
    async idle(milliseconds, signal) {
      while (!signal.aborted) {
        const remaining =
          connections.size > 0 ? milliseconds : lastClosed + milliseconds - Date.now()
        if (remaining <= 0) return
        await pause(remaining, signal)
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      for (const socket of connections) socket.destroy()
      await closed
    },
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done, { once: true })
  })
}

const preface = 'PRI * HTTP/2.0'

function route(socket: Socket, http: HttpServer, onHttp2: ServeApiOptions['onHttp2']): void {
  socket.once('readable', () => {
    const first: Buffer | null = socket.read()
    if (first === null) {
      socket.destroy()
      return
    }
    const isHttp2 = first.subarray(0, preface.length).toString('latin1') === preface
    if (isHttp2 && onHttp2 !== undefined) {
      onHttp2(withFirstBytes(socket, first))
      return
    }
    socket.unshift(first)
    http.emit('connection', socket)
  })
}

/** Returns a connection that yields `first` before all other bytes. */
export function withFirstBytes(socket: Duplex, first: Uint8Array): Duplex {
  if (first.length === 0) return socket
  const connection = new Duplex({
    allowHalfOpen: true,
    read: () => socket.resume(),
    write: (chunk, _, done) => {
      if (socket.write(chunk)) done()
      else socket.once('drain', done)
    },
    final: (done) => {
      socket.end()
      done()
    },
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  connection.push(first)
  socket.on('data', (chunk: Uint8Array) => {
    if (!connection.push(chunk)) socket.pause()
  })
  socket.once('end', () => connection.push(null))
  socket.once('close', () => connection.destroy())
  socket.once('error', (error) => connection.destroy(error))
  return connection
}

interface TakenConnection {
  readonly socket: Duplex
  /** Bytes after the head of the request that were read already. */
  readonly head: Buffer
}

/** Where a response leads a connection. `Response` has no member for it. */
const takeovers = new WeakMap<Response, { head: string; use: (connection: Duplex) => void }>()

async function upgrade(
  handler: ApiHandler,
  incoming: IncomingMessage,
  { socket, head }: TakenConnection,
): Promise<void> {
  socket.on('error', () => socket.destroy())
  const abort = new AbortController()
  socket.once('close', () => abort.abort())
  const received = await readBody(incoming, { socket, head })
  if (received === undefined) {
    socket.end('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    return
  }
  const { body, rest } = received
  const protocol = String(incoming.headers.upgrade)
  const response = await handler(requestWith(incoming, abort.signal, body), {
    address: plainAddress(incoming.socket.remoteAddress),
    canFreeBody: false,
    upgrade: {
      protocol,
      accept(headers, use) {
        const accepted = new Response(null)
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        takeovers.set(accepted, { head: lines.join(''), use })
        return accepted
      },
    },
  })
  const taken = takeovers.get(response)
  if (taken === undefined) {
    await refuseUpgrade(response, incoming, socket)
    return
  }
  const phrase = protocol === 'tcp' ? 'UPGRADED' : 'Switching Protocols'
  socket.write(
    `HTTP/1.1 101 ${phrase}\r\n${taken.head}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
  )
  taken.use(withFirstBytes(socket, rest))
}

/**
 * Sends an ordinary response to a request that wanted another protocol, for example a client that
 * offers HTTP/2 with every request. The end of the connection is the end of the body, because the
 * body may be a stream without an end.
 */
async function refuseUpgrade(
  response: Response,
  { method }: IncomingMessage,
  socket: Duplex,
): Promise<void> {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(
    `HTTP/1.1 ${response.status} ${response.statusText}\r\n${headers}Connection: close\r\n\r\n`,
  )
  if (response.body === null || method === 'HEAD') {
    await response.body?.cancel()
    socket.end()
  } else {
    await sendBody(response.body, socket)
  }
}

/**
 * Reads the body of a request to change the protocol. On Bun, `incoming` ends without the body,
 * which is in the bytes of the connection.
 */
async function readBody(
  incoming: IncomingMessage,
  { socket, head }: TakenConnection,
): Promise<{ readonly body: Uint8Array | null; readonly rest: Uint8Array } | undefined> {
  const length = Number(incoming.headers['content-length'] ?? 0)
  if (incoming.headers['transfer-encoding'] !== undefined) return undefined
  if (!Number.isSafeInteger(length) || length < 0 || length > largestUpgradeBody) return undefined
  if (length === 0) return { body: null, rest: head }
  const chunks: Uint8Array[] = []
  if (typeof Bun === 'undefined') {
    for await (const chunk of incoming) chunks.push(chunk)
    return { body: Buffer.concat(chunks), rest: head }
  }
  let bytes: Buffer = head
  while (bytes.length < length) {
    const chunk = await nextChunk(socket)
    if (chunk === undefined) return undefined
    bytes = Buffer.concat([bytes, chunk])
  }
  return { body: bytes.subarray(0, length), rest: bytes.subarray(length) }
}

/** Returns the next bytes of a connection and pauses it; `undefined` at its end. */
function nextChunk(socket: Duplex): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (chunk?: Buffer): void => {
      socket.pause()
      socket.off('data', settle)
      socket.off('end', onEnd)
      socket.off('close', onEnd)
      resolve(chunk)
    }
    const onEnd = (): void => settle(undefined)
    socket.on('data', settle)
    socket.once('end', onEnd)
    socket.once('close', onEnd)
    socket.resume()
  })
}
