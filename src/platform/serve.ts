import type { IncomingMessage, Server as NodeServer, ServerResponse } from 'node:http'
import { StrakeError } from '#oci'
import { plainAddress, sendResponse, toRequest } from './net/node-exchange.ts'

export interface ServeOptions {
  /** An address or name of this machine; 127.0.0.1 unless given. */
  readonly hostname?: string
  /** Any free port for 0 or unless given. */
  readonly port?: number
  /** Listen on a Unix socket at this path instead. */
  readonly unix?: string
  /** Seconds a connection may stay silent; at most, and unless given, 255. */
  readonly idleSeconds?: number | undefined
}

/** A listening server. Disposal stops new requests at once and gives running ones three seconds. */
export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:5000`, or `unix:///path`. */
  readonly url: string
  /** 0 for a Unix socket. */
  readonly port: number
}

/** The sender of a request. */
export interface Peer {
  /** An IP address; empty on a Unix socket. */
  readonly address: string
  /** The chunks of the request's body belong to it alone, so their memory may be released. */
  readonly canFreeBody: boolean
  /** The proved certificate of the client, in DER. */
  readonly certificate?: Uint8Array | undefined
}

export type Handler = (request: Request, peer: Peer) => Promise<Response>

/** Seconds a connection may stay silent. There is no limit on a whole request: uploads are long. */
export const idleSeconds = 255
/** Milliseconds for running requests when a server ends. */
export const graceMilliseconds = 3000

/**
 * Serves `handler` over HTTP and streams bodies both ways. The handler is called with
 * absolute URLs only. Throws `UNAVAILABLE` when it cannot listen on the address.
 */
export async function serve(handler: Handler, options: ServeOptions = {}): Promise<Server> {
  try {
    return typeof Bun === 'undefined'
      ? await serveOnNode(handler, options)
      : serveOnBun(handler, options)
  } catch (cause) {
    throw listenError(options, cause)
  }
}

function serveOnBun(handler: Handler, options: ServeOptions): Server {
  const { hostname = '127.0.0.1', port = 0, unix } = options
  const common = {
    fetch: (request: Request, from: Bun.Server<undefined>) => answerOnBun(handler, request, from),
    error: answerFailure,
    development: false,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  }
  const server =
    unix === undefined
      ? // Without `reusePort: false` a second server would silently share the port.
        Bun.serve({
          ...common,
          hostname,
          port,
          idleTimeout: options.idleSeconds ?? idleSeconds,
          reusePort: false,
        })
      : Bun.serve({ ...common, unix })
  const stop = async (): Promise<void> => {
    const stopped = server.stop(false)
    await Promise.race([stopped, wait(graceMilliseconds)])
    await server.stop(true)
  }
  return describeServer(options, server.port ?? 0, stop)
}

async function answerOnBun(
  handler: Handler,
  request: Request,
  server: Bun.Server<undefined>,
): Promise<Response> {
  const peer = {
    canFreeBody: true,
    get address() {
      return plainAddress(server.requestIP(request)?.address)
    },
  }
  if (URL.canParse(request.url)) return handler(request, peer)
  // The Host header is not a host name; HTTP/1.0 may omit it.
  if (request.headers.has('Host')) return new Response(null, { status: 400 })
  return handler(new Request(`http://localhost${request.url}`, request), peer)
}

/** A file may be deleted after the handler returned it and before it is sent. */
export function answerFailure(error: Error): Response {
  const isAbsent = 'code' in error && error.code === 'ENOENT'
  return new Response(null, { status: isAbsent ? 404 : 500 })
}

async function serveOnNode(handler: Handler, options: ServeOptions): Promise<Server> {
  const { createServer } = await import('node:http')
  const { hostname = '127.0.0.1', port = 0, unix } = options
  const server = createServer(
    { headersTimeout: 60_000, requestTimeout: 0, maxHeaderSize: 16 * 1024 },
    (incoming, outgoing) => {
      answer(handler, incoming, outgoing).catch(() => outgoing.destroy())
    },
  )
  server.timeout = (options.idleSeconds ?? idleSeconds) * 1000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(unix === undefined ? { host: hostname, port } : { path: unix }, resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : 0
  return describeServer(options, bound, () => stopNode(server))
}

async function stopNode(server: NodeServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await Promise.race([closed, wait(graceMilliseconds)])
  server.closeAllConnections()
  await closed
}

async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const abort = new AbortController()
  outgoing.once('close', () => abort.abort())
  const peer = { address: plainAddress(incoming.socket.remoteAddress), canFreeBody: false }
  const response = await handler(toRequest(incoming, abort.signal), peer)
  await sendResponse(response, incoming, outgoing)
}

export function describeServer(
  options: ServeOptions & { readonly isSecure?: boolean },
  port: number,
  stop: () => Promise<void>,
): Server {
  const { hostname = '127.0.0.1', unix } = options
  const scheme = options.isSecure === true ? 'https' : 'http'
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
  const url = unix === undefined ? `${scheme}://${host}:${port}` : `unix://${unix}`
  return { url, port, [Symbol.asyncDispose]: stop }
}

export function listenError(options: ServeOptions, cause: unknown): StrakeError {
  const { hostname = '127.0.0.1', port = 0, unix } = options
  const where = unix ?? `${hostname}:${port}`
  const code = cause instanceof Error ? String((cause as { code?: unknown }).code) : ''
  const known = listenReasons[code]
  return new StrakeError('UNAVAILABLE', `Cannot listen on ${where}: ${known?.reason ?? code}`, {
    cause,
    remedy: known?.remedy,
  })
}

const listenReasons: Readonly<Record<string, { reason: string; remedy: string }>> = {
  EADDRINUSE: {
    reason: 'the port is already in use',
    remedy: 'stop the program that uses it, or choose another port',
  },
  EACCES: {
    reason: 'no permission',
    remedy: 'choose a port above 1023, or run as root',
  },
  EADDRNOTAVAIL: {
    reason: 'this machine does not have that address',
    remedy: 'choose one of its own addresses, or 0.0.0.0 for all',
  },
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref()
  })
}

/** Returns a file as a `Blob` that is read when it is sent; the kernel sends it where it can. */
export async function fileBlob(path: string): Promise<Blob> {
  if (typeof Bun !== 'undefined') return Bun.file(path)
  return process.getBuiltinModule('node:fs').openAsBlob(path)
}
