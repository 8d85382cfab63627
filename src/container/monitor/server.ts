import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { dirname } from 'node:path'
import { createFrameDecoder, encodeFrame, type Frame, type Hello } from '../protocol/frames.ts'
import type { OutputStream } from './log-writer.ts'

/** What clients of a container may do to it. */
export interface ClientRequests {
  input(data: Uint8Array): void
  endInput(): void
  resize(rows: number, columns: number): void
  signal(name: string): void
  wake(): void
}

/** Everybody attached to a container, over one unix socket. */
export interface ClientServer {
  /** Resolves when somebody listens to the output. */
  readonly firstListener: Promise<void>
  /** Hands output to all who want it; resolves when the patient ones have room for more. */
  broadcast(stream: OutputStream, chunk: Uint8Array): Promise<void>
  /** Tells everybody that it is over and lets them go. */
  finish(code: number): Promise<void>
}

/** What a client may leave unread; then a patient one makes us wait, and another is let go. */
const mostWaiting = 4 * 1024 * 1024

interface Client {
  readonly socket: Socket
  hello: Hello | undefined
}

/** Listens at `path`. Only its owner can connect: it is a path, never an abstract name. */
export async function listenForClients(
  path: string,
  requests: ClientRequests,
): Promise<ClientServer> {
  const clients = new Set<Client>()
  const first = Promise.withResolvers<void>()
  // Loaded while the runtime starts the container.
  const { createServer } = process.getBuiltinModule('node:net')
  const server = createServer((socket) => {
    const client: Client = { socket, hello: undefined }
    clients.add(client)
    socket.on('close', () => clients.delete(client))
    socket.on('error', () => socket.destroy())
    const decode = createFrameDecoder()
    socket.on('data', (chunk: Uint8Array) => {
      try {
        for (const frame of decode(chunk)) {
          if (frame.kind === 'hello') {
            client.hello = frame.hello
            if (frame.hello.output) first.resolve()
          } else serve(frame, requests)
        }
      } catch {
        socket.destroy()
      }
    })
  })
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  await listen(server, path)
  chmodSync(path, 0o600)
  return {
    firstListener: first.promise,
    broadcast: (stream, chunk) => broadcast(clients, stream, chunk),
    finish: (code) => finish(server, clients, code),
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}

function serve(frame: Frame, requests: ClientRequests): void {
  switch (frame.kind) {
    case 'stdin':
      requests.input(frame.data)
      break
    case 'end':
      requests.endInput()
      break
    case 'resize':
      requests.resize(frame.rows, frame.columns)
      break
    case 'signal':
      requests.signal(frame.signal)
      break
    case 'wake':
      requests.wake()
      break
    default:
      throw new RangeError(`a client does not send ${frame.kind}`)
  }
}

async function broadcast(
  clients: ReadonlySet<Client>,
  kind: OutputStream,
  data: Uint8Array,
): Promise<void> {
  const listeners = [...clients].filter(({ hello }) => hello?.output)
  if (listeners.length === 0) return
  const frame = encodeFrame({ kind, data })
  const slow: Promise<void>[] = []
  for (const { socket, hello } of listeners) {
    socket.write(frame)
    if (socket.writableLength < mostWaiting) continue
    if (hello?.patient) slow.push(drained(socket))
    else socket.destroy()
  }
  await Promise.all(slow)
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', () => resolve())
  })
}

/** Longest time a client has for taking its last bytes. */
const farewell = 2000

async function finish(server: Server, clients: ReadonlySet<Client>, code: number): Promise<void> {
  server.close()
  const frame = encodeFrame({ kind: 'exit', code })
  const gone = [...clients].map(({ socket }) => {
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.setTimeout(farewell, () => socket.destroy())
    })
    socket.end(frame)
    return closed
  })
  await Promise.all(gone)
}
