import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { isGrpcError, tunnel } from '#grpc'
import { removeFile } from '#platform'
import type { ClientSession } from './client-session.ts'
import { CheckAgent, ForwardAgent } from './messages/ssh.ts'

/** Milliseconds for the answer. */
const patience = 30_000

/** Connections to one agent at the same time. */
const mostConnections = 100

/** Asks whether the client has an SSH agent with this ID. */
export async function hasAgent(
  session: ClientSession,
  id: string,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!session.serves(CheckAgent.path)) return false
  try {
    await session.client.call(CheckAgent, { id }, { signal, timeout: patience })
    return true
  } catch (error) {
    // A client in Go answers with an error without a code when it has no such agent.
    if (isGrpcError(error, 'NOT_FOUND', 'UNKNOWN', 'UNIMPLEMENTED')) return false
    throw error
  }
}

/** A socket that leads to an agent of the client. */
export interface AgentSocket extends AsyncDisposable {
  readonly path: string
}

/** Makes a socket in a directory that only this process uses. Its path must fit an address. */
export async function openAgentSocket(
  session: ClientSession,
  id: string,
  directory: string,
): Promise<AgentSocket> {
  const path = `${directory}/agent.${crypto.randomUUID().slice(0, 8)}`
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    if (open.size > mostConnections) socket.destroy()
    else connect(session, id, socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    path,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of open) socket.destroy()
      removeFile(path)
    },
  }
}

function connect(session: ClientSession, id: string, socket: Socket): void {
  socket.on('error', () => socket.destroy())
  try {
    const call = session.client.open(ForwardAgent, { metadata: { 'buildkit.ssh.id': id } })
    const agent: Duplex = tunnel(call, call.end)
    socket.once('close', () => {
      agent.destroy()
      call.cancel()
    })
    agent.once('close', () => socket.destroy())
    socket.pipe(agent).pipe(socket)
  } catch {
    // The client has left.
    socket.destroy()
  }
}
