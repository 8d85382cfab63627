import type { ContainerStreams, ExecProcess } from '#container'
import { member } from '#docker/bodies/fields'
import { type ExecInstance, readExec, startExec } from '#engine/process/execs'
import type { RawConnection } from '#http'
import { readObject } from '../body.ts'
import type { ApiCall } from '../call.ts'
import { done } from '../reply.ts'
import { standardHeaders } from '../standard-headers.ts'
import { leaving, streamsOver } from '../streams/connection.ts'
import { multiplexedStream, rawStream } from '../streams/frames.ts'
import { readOnlyStreams } from '../streams/read-only-streams.ts'
import { terminals } from './terminals.ts'

/** `POST /exec/{id}/start`. The connection becomes the streams of the process. */
export async function start(call: ApiCall): Promise<Response> {
  const { engine, exchange, params, request } = call
  const body = await readObject(request, true)
  const instance = readExec(engine, params['id'] ?? '')
  const session: Session = { call, instance, consoleSize: sizeOf(body) }
  if (member(body, 'Detach', 'boolean')) {
    await started(session)
    return done(200)
  }
  const tty = instance.request.tty === true
  const headers = { 'Content-Type': tty ? rawStream : multiplexedStream }
  const choice = {
    stdin: instance.request.interactive === true,
    stdout: instance.request.stdout,
    stderr: instance.request.stderr,
    tty,
  }
  if (exchange.upgrade === undefined) {
    const plain = { 'Content-Type': rawStream }
    const { streams, response, close, left } = readOnlyStreams(choice, plain)
    void follow(session, { streams, left, close })
    return response
  }
  return exchange.upgrade.accept(
    { ...standardHeaders, ...headers },
    (connection: RawConnection) => {
      const streams = streamsOver(connection, choice)
      const left = leaving(connection)
      void follow(session, { streams, left, close: () => void connection.end() })
    },
  )
}

interface Session {
  readonly call: ApiCall
  readonly instance: ExecInstance
  readonly consoleSize: { readonly rows: number; readonly columns: number } | undefined
}

interface Client {
  readonly streams: ContainerStreams
  /** Aborts when the client has left. */
  readonly left: AbortSignal
  /** Ends the connection. It may be called again. */
  readonly close: () => void
}

/** Starts the process and passes its streams on. A failed start is text for the user, as in Docker. */
async function follow(session: Session, client: Client): Promise<void> {
  const { close, left, streams } = client
  try {
    await run(session, client, () => {})
  } catch (error) {
    if (left.aborted) return
    const text = `${error instanceof Error ? error.message : 'the server failed'}\r\n`
    await streams.output('stderr', new TextEncoder().encode(text)).catch(() => {})
  } finally {
    close()
  }
}

/** Starts a process without streams, and resolves when it runs. It stays when the client leaves. */
async function started(session: Session): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  run(session, undefined, resolve).catch(reject)
  await promise
}

async function run(
  { call, instance, consoleSize }: Session,
  client: Client | undefined,
  onStarted: () => void,
): Promise<void> {
  // The process may run on after its client has left.
  const finish = call.begin()
  try {
    await startExec(call.engine, instance.id, {
      streams: client?.streams,
      consoleSize,
      signal: client?.left ?? new AbortController().signal,
      onDetached: client?.close,
      onStarted(process: ExecProcess) {
        terminals.set(instance.id, process)
        onStarted()
      },
    })
    onStarted()
  } finally {
    terminals.delete(instance.id)
    finish()
  }
}

/** `ConsoleSize` is rows and columns. */
function sizeOf(body: Readonly<Record<string, unknown>>): Session['consoleSize'] {
  const size = body['ConsoleSize']
  if (!Array.isArray(size)) return undefined
  const [rows, columns] = size
  const isSize = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536
  return isSize(rows) && isSize(columns) ? { rows, columns } : undefined
}
