import {
  changeMode,
  listenUnix,
  makeDirectories,
  removeFile,
  startTimer,
  type UnixServer,
} from '#platform'
import type { OutputStream } from '../model/options.ts'
import { frameConnection, type MonitorConnection } from '../protocol/connection.ts'
import type { Frame, ProbeResult } from '../protocol/frames.ts'

/** The requests that a client can make. */
export interface ClientRequests {
  /** Resolves when the container has room for more input. */
  input(data: Uint8Array): Promise<void>
  endInput(): Promise<void>
  resize(rows: number, columns: number): void
  wake(): void
  /** A client has left that had suspended the container. */
  resume(): Promise<void>
  /** Checks the health now. Resolves with `undefined` without health checks, and when the run ends. */
  probe(): Promise<ProbeResult | undefined>
}

/** The server for all clients of a container, over one unix socket. */
export interface ClientServer {
  /** Resolves when so many clients listen to the output, and at the latest after `patience` milliseconds. */
  haveListeners(count: number, patience: number): Promise<void>
  /** Sends output to every client that reads it. Resolves when each of them has room for more. */
  broadcast(stream: OutputStream, chunk: Uint8Array): Promise<void>
  /**
   * Sends the exit code to every client, after its output. Resolves when the clients
   * have read both.
   */
  finish(farewell: Farewell): Promise<void>
}

export interface Farewell {
  readonly code: number
  /** Milliseconds that a client has for reading its last output. */
  readonly patience: number
}

interface Client {
  readonly connection: MonitorConnection
  wantsOutput: boolean
  /** The client has suspended the container. */
  holds: boolean
}

/**
 * Listens at `path`. Only the owner of the path can connect: an abstract socket name has
 * no owner.
 */
export async function listenForClients(
  path: string,
  requests: ClientRequests,
): Promise<ClientServer> {
  const clients = new Set<Client>()
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const listeners = (): readonly Client[] => [...clients].filter(({ wantsOutput }) => wantsOutput)
  const onListener = (): void => {
    const { length } = listeners()
    for (const { count, resolve } of waiting) if (length >= count) resolve()
  }
  makeDirectories(path.slice(0, path.lastIndexOf('/')), 0o700)
  removeFile(path)
  const server = listenUnix(path, (socket) => {
    const client: Client = { connection: frameConnection(socket), wantsOutput: false, holds: false }
    clients.add(client)
    void serveClient(client, requests, onListener).finally(() => clients.delete(client))
  })
  changeMode(path, 0o600)
  return {
    async haveListeners(count, patience) {
      await new Promise<void>((resolve) => {
        const alarm = startTimer(patience, resolve)
        const settle = (): void => {
          alarm.cancel()
          resolve()
        }
        waiting.push({ count, resolve: settle })
        if (listeners().length >= count) settle()
      })
    },
    async broadcast(kind, data) {
      await Promise.all(listeners().map(({ connection }) => connection.send({ kind, data })))
    },
    finish: (farewell) => finish(server, clients, farewell),
  }
}

/**
 * Serves one frame at a time, so that a client waits while the container does not read
 * its input.
 */
async function serveClient(
  client: Client,
  requests: ClientRequests,
  onListener: () => void,
): Promise<void> {
  try {
    for await (const frame of client.connection.frames) {
      if (frame.kind === 'hello') {
        client.wantsOutput = frame.hello.output
        if (client.wantsOutput) onListener()
      } else if (frame.kind === 'hold') client.holds = frame.isHeld
      else if (frame.kind === 'probe') {
        await client.connection.send({ kind: 'probed', result: await requests.probe() })
      } else await serve(frame, requests)
    }
  } catch {
    client.connection.destroy()
  }
  if (client.holds) await requests.resume()
}

async function serve(frame: Frame, requests: ClientRequests): Promise<void> {
  switch (frame.kind) {
    case 'stdin':
      await requests.input(frame.data)
      break
    case 'end':
      await requests.endInput()
      break
    case 'resize':
      requests.resize(frame.rows, frame.columns)
      break
    case 'wake':
      requests.wake()
      break
    default:
      throw new RangeError(`a client does not send ${frame.kind}`)
  }
}

async function finish(
  server: UnixServer,
  clients: ReadonlySet<Client>,
  { code, patience }: Farewell,
): Promise<void> {
  server[Symbol.dispose]()
  const gone = [...clients].map(async ({ connection }) => {
    const alarm = startTimer(patience, () => connection.destroy())
    await connection.send({ kind: 'exit', code })
    await connection.close(patience)
    alarm.cancel()
  })
  await Promise.all(gone)
}
