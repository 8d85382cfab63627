import type { Draft, Message, MessageTable } from './message-table.ts'
import type { ReceivedMetadata } from './metadata.ts'
import { GrpcError } from './status.ts'

/**
 * A method of a service, as client and server know it: its path and its two messages.
 *
 * ```ts
 * export const Ping = {
 *   path: '/moby.buildkit.v1.frontend.LLBBridge/Ping',
 *   request: PingRequest as typeof PingRequest,
 *   response: PongResponse as typeof PongResponse,
 * } as const
 * ```
 */
export interface Rpc<Request extends MessageTable, Response extends MessageTable> {
  readonly path: string
  readonly request: Request
  readonly response: Response
}

/** The circumstances of a call that a server answers. */
export interface ServerCall {
  readonly metadata: ReceivedMetadata
  /** Aborts when the client has cancelled or left, and at the client's deadline. */
  readonly signal: AbortSignal
}

/** Messages in both directions. Each side sends and ends independently of the other one. */
export interface GrpcStream<In, Out> extends AsyncIterable<In> {
  /** Resolves when there is room for the next message. */
  send(message: Out): Promise<void>
}

/** A method of a server. */
export interface Method {
  readonly path: string
  readonly request: MessageTable
  readonly response: MessageTable
  /** False if the response is one message, and only the status tells that it is absent. */
  readonly streams: boolean
  answer(stream: GrpcStream<unknown, unknown>, call: ServerCall): Promise<void>
}

/** One message is answered by one message. */
export function unary<Request extends MessageTable, Response extends MessageTable>(
  rpc: Rpc<Request, Response>,
  handler: (request: Message<Request>, call: ServerCall) => Promise<Draft<Response>>,
): Method {
  return method(rpc, false, async (stream, call) => {
    await stream.send(await handler(await onlyMessage(stream), call))
  })
}

/** One message is answered by many. */
export function serverStream<Request extends MessageTable, Response extends MessageTable>(
  rpc: Rpc<Request, Response>,
  handler: (request: Message<Request>, call: ServerCall) => AsyncIterable<Draft<Response>>,
): Method {
  return method(rpc, true, async (stream, call) => {
    for await (const message of handler(await onlyMessage(stream), call)) {
      await stream.send(message)
    }
  })
}

/** Many messages are answered by one. */
export function clientStream<Request extends MessageTable, Response extends MessageTable>(
  rpc: Rpc<Request, Response>,
  handler: (
    requests: AsyncIterable<Message<Request>>,
    call: ServerCall,
  ) => Promise<Draft<Response>>,
): Method {
  return method(rpc, false, async (stream, call) => {
    await stream.send(await handler(stream, call))
  })
}

/** Both sides send as they like. The call ends when the handler returns. */
export function bidi<Request extends MessageTable, Response extends MessageTable>(
  rpc: Rpc<Request, Response>,
  handler: (
    stream: GrpcStream<Message<Request>, Draft<Response>>,
    call: ServerCall,
  ) => Promise<void>,
): Method {
  return method(rpc, true, handler)
}

type Answer<Request, Response> = (
  stream: GrpcStream<Message<Request>, Draft<Response>>,
  call: ServerCall,
) => Promise<void>

/** Reads the request of a call that has one. Waits until the client has ended its side. */
async function onlyMessage<Request>(stream: AsyncIterable<Request>): Promise<Request> {
  const received: Request[] = []
  for await (const message of stream) {
    if (received.length > 0) throw new GrpcError('INVALID_ARGUMENT', 'the call has two requests')
    received.push(message)
  }
  const [request] = received
  if (request === undefined) throw new GrpcError('INVALID_ARGUMENT', 'the call has no request')
  return request
}

function method<Request extends MessageTable, Response extends MessageTable>(
  { path, request, response }: Rpc<Request, Response>,
  streams: boolean,
  answer: Answer<Request, Response>,
): Method {
  // The server decodes and encodes with the two tables beside, so the messages have these types.
  return { path, request, response, streams, answer: answer as Method['answer'] }
}
