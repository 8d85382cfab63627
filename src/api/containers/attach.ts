import { type AttachOptions, type ContainerStreams, getContainer, isRunning } from '#container'
import { attachContainer, readContainerLogBatches } from '#engine/container/container'
import type { RawConnection } from '#http'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { standardHeaders } from '../standard-headers.ts'
import { leaving, type StreamChoice, streamsOver } from '../streams/connection.ts'
import { requireDetachKeys } from '../streams/detach-keys.ts'
import { multiplexedStream, rawStream } from '../streams/frames.ts'
import { readOnlyStreams } from '../streams/read-only-streams.ts'
import { containerId } from './find.ts'

/**
 * `POST /containers/{id}/attach`. The container need not run: all output from its start on comes
 * then. A client that does not take the connection over only reads.
 */
export async function attach(call: ApiCall): Promise<Response> {
  const { engine, exchange, query } = call
  const { upgrade } = exchange
  const id = containerId(call)
  const container = getContainer(engine, id)
  const { tty } = container.settings
  const choice = {
    stdin: query.flag('stdin') && container.settings.interactive,
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    tty,
  }
  if (container.state.status === 'paused') {
    throw new ApiError(409, `container ${id} is paused, unpause the container before attach`)
  }
  requireDetachKeys(query.text('detachKeys'))
  const session = { id, choice, isLive: query.flag('stream'), withLogs: query.flag('logs') }
  const headers = { 'Content-Type': tty ? rawStream : multiplexedStream }
  if (upgrade === undefined) return readOnly(call, session, { 'Content-Type': rawStream })
  const taken = { ...standardHeaders, ...headers }
  if (!session.isLive || isRunning(container)) {
    return upgrade.accept(taken, (connection) => void converse(call, session, connection))
  }
  return await beforeStart(call, session, (use) => upgrade.accept(taken, use))
}

interface Session {
  readonly id: string
  readonly choice: StreamChoice
  readonly isLive: boolean
  readonly withLogs: boolean
}

/** Answers when the start of the container will wait for this client. */
async function beforeStart(
  call: ApiCall,
  session: Session,
  accept: (use: (connection: RawConnection) => void) => Response,
): Promise<Response> {
  const connected = Promise.withResolvers<RawConnection>()
  const waiting = Promise.withResolvers<void>()
  const left = new AbortController()
  const streams = {
    input: lateInput(connected.promise, session.choice),
    output: async (stream: 'stdout' | 'stderr', bytes: Uint8Array) =>
      await streamsOver(await connected.promise, session.choice).output(stream, bytes),
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
  return accept((connection) => {
    leaving(connection).addEventListener('abort', () => left.abort())
    connected.resolve(connection)
    void ended.catch(() => {}).finally(() => connection.end())
  })
}

async function* lateInput(
  connected: Promise<RawConnection>,
  choice: StreamChoice,
): AsyncGenerator<Uint8Array> {
  yield* streamsOver(await connected, choice).input
}

/** Serves a client that has taken the connection over. */
async function converse(call: ApiCall, session: Session, connection: RawConnection): Promise<void> {
  const streams = streamsOver(connection, session.choice)
  await pass(call, session, { streams, signal: leaving(connection) })
  connection.end()
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
