import { type AttachOptions, type ContainerStreams, getContainer, isRunning } from '#container'
import { attachContainer, readContainerLogBatches } from '#engine/container/container'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { standardHeaders } from '../standard-headers.ts'
import { type Conversation, conversationOver, type StreamChoice } from '../streams/connection.ts'
import { requireDetachKeys } from '../streams/detach-keys.ts'
import { multiplexedStream, rawStream } from '../streams/frames.ts'
import { readOnlyStreams } from '../streams/read-only-streams.ts'
import { webSocketOf, webSocketOver } from '../streams/web-socket.ts'
import { containerId } from './find.ts'

/**
 * `POST /containers/{id}/attach`. The container need not run: all output from its start on comes
 * then. A client that does not take the connection over only reads.
 */
export async function attach(call: ApiCall): Promise<Response> {
  const { upgrade } = call.exchange
  const session = readSession(call, false)
  const { choice } = session
  if (upgrade === undefined) return readOnly(call, session, { 'Content-Type': rawStream })
  const type = choice.tty ? rawStream : multiplexedStream
  return await converse(call, session, (use) =>
    upgrade.accept({ ...standardHeaders, 'Content-Type': type }, (connection) =>
      use(conversationOver(connection, choice)),
    ),
  )
}

/**
 * `GET /containers/{id}/attach/ws`: the same over a web socket, whose messages are pieces of input
 * and output. Clients before 1.42 get all streams, and those before 1.28 messages of text.
 */
export async function attachWebSocket(call: ApiCall): Promise<Response> {
  const { exchange, request, version } = call
  const session = readSession(call, version < 42)
  const accept = webSocketOf(request, exchange.upgrade)
  const messages = version < 28 ? 'text' : 'binary'
  return await converse(call, session, (use) =>
    accept((connection) => use(webSocketOver(connection, session.choice, messages))),
  )
}

interface Session {
  readonly id: string
  readonly isRunning: boolean
  readonly choice: StreamChoice
  readonly isLive: boolean
  readonly withLogs: boolean
}

/** Reads what the client asks for. Throws for a container to which nobody can attach. */
function readSession(call: ApiCall, hasAllStreams: boolean): Session {
  const { engine, query } = call
  const id = containerId(call)
  const container = getContainer(engine, id)
  if (container.state.status === 'paused') {
    throw new ApiError(409, `container ${id} is paused, unpause the container before attach`)
  }
  requireDetachKeys(query.text('detachKeys'))
  const isChosen = (stream: string): boolean => hasAllStreams || query.flag(stream)
  return {
    id,
    isRunning: isRunning(container),
    choice: {
      stdin: isChosen('stdin') && container.settings.interactive,
      stdout: isChosen('stdout'),
      stderr: isChosen('stderr'),
      tty: container.settings.tty,
    },
    isLive: query.flag('stream'),
    withLogs: query.flag('logs'),
  }
}

/** Takes the connection over; `use` is called after the head of the response was sent. */
type Accept = (use: (conversation: Conversation) => void) => Response

/** Serves a client that takes the connection over. */
async function converse(call: ApiCall, session: Session, accept: Accept): Promise<Response> {
  if (session.isLive && !session.isRunning) return await beforeStart(call, session, accept)
  return accept(({ streams, left, end }) => {
    void pass(call, session, { streams, signal: left }).finally(end)
  })
}

/** Answers when the start of the container will wait for this client. */
async function beforeStart(call: ApiCall, session: Session, accept: Accept): Promise<Response> {
  const connected = Promise.withResolvers<ContainerStreams>()
  const waiting = Promise.withResolvers<void>()
  const left = new AbortController()
  const streams = {
    input: lateInput(connected.promise),
    output: async (stream: 'stdout' | 'stderr', bytes: Uint8Array) =>
      await (await connected.promise).output(stream, bytes),
  }
  const ended = attachContainer(call.engine, session.id, {
    streams,
    stdin: session.choice.stdin,
    detachKeys: call.query.text('detachKeys'),
    onWaiting: waiting.resolve,
    signal: AbortSignal.any([left.signal, call.signal]),
  })
  // The container may start between the look at its state and the announcement.
  ended.catch(() => {}).finally(waiting.resolve)
  await waiting.promise
  return accept((conversation) => {
    conversation.left.addEventListener('abort', () => left.abort())
    connected.resolve(conversation.streams)
    void ended.catch(() => {}).finally(conversation.end)
  })
}

async function* lateInput(connected: Promise<ContainerStreams>): AsyncGenerator<Uint8Array> {
  yield* (await connected).input
}

/** Serves a client that reads an ordinary response. */
function readOnly(
  call: ApiCall,
  session: Session,
  headers: Readonly<Record<string, string>>,
): Response {
  const { streams, response, close, left } = readOnlyStreams(session.choice, headers)
  const choice = { ...session.choice, stdin: false }
  const quiet = { ...session, choice }
  void pass(call, quiet, { streams, signal: left, onWaiting: () => {} }).finally(close)
  return response
}

type Passing = Pick<AttachOptions, 'onWaiting'> & {
  readonly streams: ContainerStreams
  readonly signal: AbortSignal
}

/** Sends the log, the live streams, or both. The end of the container or of the client ends it. */
async function pass(
  { engine, query, signal }: ApiCall,
  { id, choice, isLive, withLogs }: Session,
  passing: Passing,
): Promise<void> {
  const { streams } = passing
  try {
    if (withLogs) {
      for await (const entries of readContainerLogBatches(engine, id)) {
        for (const { stream, text } of entries) {
          await streams.output(stream, new TextEncoder().encode(text))
        }
      }
    }
    if (!isLive) return
    await attachContainer(engine, id, {
      ...passing,
      stdin: choice.stdin,
      detachKeys: query.text('detachKeys'),
      signal: AbortSignal.any([signal, passing.signal]),
    })
  } catch {
    // The client has left, or the container was removed before its start.
  }
}
