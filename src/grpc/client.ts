import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { limits, mostCalls, settings, tie } from './connection.ts'
import { formatTimeout } from './deadline.ts'
import { readMessages, sendMessage } from './message-stream.ts'
import type { Draft, Message, MessageTable } from './message-table.ts'
import type { Metadata } from './metadata.ts'
import type { GrpcStream, Rpc } from './rpc.ts'
import { GrpcError, parseTrailers } from './status.ts'

export interface CallOptions {
  readonly metadata?: Metadata | undefined
  /** The time for the whole call, in milliseconds. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * A call with messages in both directions. The iteration throws the error of the call after its
 * last message. A reader that stops early cancels the call.
 */
export interface ClientStream<In, Out> extends GrpcStream<In, Out> {
  /** Ends the own side. The other side may go on sending. */
  end(): void
  cancel(): void
}

/** Calls methods of the services at the other end of a connection. */
export class GrpcClient implements Disposable {
  readonly #session: ClientHttp2Session
  readonly #connection: Duplex
  #calls = 0
  /** Aborts when the connection has ended, in whatever way. */
  readonly closed: AbortSignal

  constructor(connection: Duplex) {
    this.#connection = connection
    const closing = new AbortController()
    this.closed = closing.signal
    const close = (): void =>
      closing.abort(new GrpcError('UNAVAILABLE', 'the other side has closed the connection'))
    this.#session = http2.connect('http://localhost', {
      createConnection: () => connection,
      ...limits,
      settings: { ...settings, enablePush: false },
    })
    tie(this.#session, connection, close)
  }

  /** Sends one message and returns the one that answers it. Throws `GrpcError`. */
  async call<Request extends MessageTable, Response extends MessageTable>(
    rpc: Rpc<Request, Response>,
    request: Draft<Request>,
    options: CallOptions = {},
  ): Promise<Message<Response>> {
    const stream = this.open(rpc, options)
    await stream.send(request).catch(() => {})
    stream.end()
    const responses = await Array.fromAsync(stream)
    const [response] = responses
    if (response === undefined || responses.length > 1) {
      throw new GrpcError('INTERNAL', `the answer has ${responses.length} messages`)
    }
    return response
  }

  /** Begins a call with any number of messages in both directions. */
  open<Request extends MessageTable, Response extends MessageTable>(
    { path, request, response }: Rpc<Request, Response>,
    { metadata, timeout, signal }: CallOptions = {},
  ): ClientStream<Message<Response>, Draft<Request>> {
    signal?.throwIfAborted()
    if (this.closed.aborted) throw this.closed.reason
    if (this.#calls === mostCalls) {
      throw new GrpcError('RESOURCE_EXHAUSTED', `the connection has ${mostCalls} calls already`)
    }
    const stream = this.#session.request({
      ...metadata,
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(timeout === undefined ? {} : { 'grpc-timeout': formatTimeout(timeout) }),
    })
    this.#calls++
    stream.once('close', () => {
      this.#calls--
    })
    const ended = outcome(stream, { signal, timeout })
    const cancel = (): void => cancelStream(stream)
    return {
      send: (message) => sendMessage(stream, request, message),
      end: () => stream.end(),
      cancel,
      async *[Symbol.asyncIterator]() {
        let isComplete = false
        try {
          yield* readMessages(stream, response)
          isComplete = true
        } catch (error) {
          if (error instanceof GrpcError) throw error
          // The outcome tells why the stream broke.
          cancel()
          throw (await ended) ?? error
        } finally {
          if (!isComplete) cancel()
        }
        const error = await ended
        if (error !== undefined) throw error
      },
    }
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
    this.#connection.destroy()
  }
}

/**
 * Ends a call at once. `close` of a stream would end the own side first, and the other side would
 * take what it has received until then for everything.
 */
function cancelStream(stream: ClientHttp2Stream): void {
  if (stream.destroyed || stream.closed) return
  if (stream.writableEnded) stream.close(http2.constants.NGHTTP2_CANCEL)
  else stream.destroy(Object.assign(new Error('the call was cancelled'), { name: 'AbortError' }))
}

/** Resolves with the error of a call when it has ended. */
function outcome(stream: ClientHttp2Stream, { signal, timeout }: CallOptions): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = (reason: unknown): void => {
      resolve(reason)
      cancelStream(stream)
    }
    const onAbort = (): void => stop(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const expired = new GrpcError('DEADLINE_EXCEEDED', 'the time of the call is over')
    const timer = timeout === undefined ? undefined : setTimeout(() => stop(expired), timeout)
    const end = (error: GrpcError | undefined): void => {
      resolve(error)
      // Nobody reads what is sent after the status.
      stream.end()
    }
    stream.on('response', (headers) => {
      const status = headers[':status']
      if (status !== 200) {
        end(new GrpcError('UNAVAILABLE', `the answer has the HTTP status ${status}`))
      } else if (headers['grpc-status'] !== undefined) {
        end(parseTrailers(headers))
      }
    })
    stream.on('trailers', (trailers) => end(parseTrailers(trailers)))
    stream.on('error', () => {})
    stream.once('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      resolve(new GrpcError('UNAVAILABLE', 'the other side has closed the call without a status'))
    })
  })
}
