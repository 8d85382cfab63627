import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { isStrakeError } from '#oci'
import { limits, mostCalls, settings, tie } from './connection.ts'
import { parseTimeout } from './deadline.ts'
import { readMessages, sendMessage } from './message-stream.ts'
import { receivedMetadata } from './metadata.ts'
import type { Method } from './rpc.ts'
import { formatTrailers, GrpcError, isGrpcError, toGrpcError } from './status.ts'

export interface ServeGrpcOptions {
  /** Called with every error that is no answer to the client's mistake. */
  readonly onFailure?: ((error: unknown, path: string) => void) | undefined
}

/** A connection that is served. */
export interface GrpcConnection extends Disposable {
  /** Resolves when the connection has ended, in whatever way. */
  readonly closed: Promise<void>
}

/** Answers the calls that come on a connection. They are cancelled when it ends. */
export function serveGrpc(
  connection: Duplex,
  methods: readonly Method[],
  { onFailure }: ServeGrpcOptions = {},
): GrpcConnection {
  const byPath = new Map(methods.map((method) => [method.path, method]))
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const session = http2.performServerHandshake(connection, {
    ...limits,
    settings: { ...settings, maxConcurrentStreams: mostCalls },
  })
  tie(session, connection, resolve)
  session.on('stream', (stream, headers, _, rawHeaders) => {
    stream.on('error', () => {})
    const path = headers[':path'] ?? ''
    const refusal = refuse(headers)
    if (refusal !== undefined) {
      stream.respond({ ':status': refusal }, { endStream: true })
      return
    }
    const call = new Call(stream, byPath.get(path))
    call.answer(headers, rawHeaders).catch((error: unknown) => onFailure?.(error, path))
  })
  const close = (): void => {
    session.destroy()
    connection.destroy()
  }
  return { closed, [Symbol.dispose]: close }
}

/** Returns the HTTP status for what is no call of gRPC. */
function refuse(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405
  return /^application\/grpc(?:$|[+;])/.test(headers['content-type'] ?? '') ? undefined : 415
}

/** One call, from its headers to its trailers. */
class Call {
  readonly #stream: ServerHttp2Stream
  readonly #method: Method | undefined
  readonly #abort: AbortController = new AbortController()
  #isOver = false

  constructor(stream: ServerHttp2Stream, method: Method | undefined) {
    this.#stream = stream
    this.#method = method
    stream.once('close', () => {
      // A stream closes after every call, and only an unfinished call was cancelled.
      if (this.#isOver) return
      this.#isOver = true
      this.#abort.abort(cancelled())
    })
  }

  /** Throws the errors of the program itself after the client was answered. */
  async answer(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): Promise<void> {
    const method = this.#method
    if (method === undefined) {
      this.#finish(new GrpcError('UNIMPLEMENTED', `unknown method ${headers[':path']}`))
      return
    }
    const timeout = parseTimeout(String(headers['grpc-timeout'] ?? ''))
    const timer = timeout === undefined ? undefined : setTimeout(() => this.#expire(), timeout)
    try {
      if (method.streams) this.#respond()
      const stream = this.#stream
      await method.answer(
        {
          send: (message) => {
            this.#respond()
            return sendMessage(stream, method.response, message as object)
          },
          [Symbol.asyncIterator]: () => this.#requests(method),
        },
        { metadata: receivedMetadata(rawHeaders), signal: this.#abort.signal },
      )
      this.#finish()
    } catch (error) {
      const isFailure = !this.#isOver && toGrpcError(error).code === 'INTERNAL'
      this.#finish(toGrpcError(error))
      if (isFailure) throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Throws when the client has cancelled the call: what was sent until then is not everything. */
  async *#requests({ request }: Method): AsyncGenerator<unknown> {
    try {
      yield* readMessages(this.#stream, request)
    } catch (error) {
      throw isGrpcError(error) || isStrakeError(error) ? error : cancelled()
    }
  }

  #expire(): void {
    const error = new GrpcError('DEADLINE_EXCEEDED', 'the time of the call is over')
    this.#finish(error)
    this.#abort.abort(error)
  }

  #respond(): void {
    if (this.#isOver || this.#stream.headersSent) return
    this.#stream.respond(responseHeaders, { waitForTrailers: true })
  }

  #finish(error?: GrpcError): void {
    if (this.#isOver) return
    this.#isOver = true
    const stream = this.#stream
    if (stream.destroyed) return
    const trailers = formatTrailers(error)
    if (stream.headersSent) {
      stream.once('wantTrailers', () => stream.sendTrailers(trailers))
      stream.end()
    } else {
      stream.respond({ ...responseHeaders, ...trailers }, { endStream: true })
    }
    // What the client sends after its answer is dropped, so that it takes no room of other calls.
    stream.resume()
  }
}

const cancelled = (): GrpcError => new GrpcError('CANCELLED', 'the client has cancelled the call')

const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' } as const
