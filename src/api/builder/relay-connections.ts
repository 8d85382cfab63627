import { connect, type Socket } from 'node:net'
import { forwardRequest } from '#platform/net/forward-request'
import type { RelayedConnections } from '../connections/connections.ts'
import { duplexOf } from '../connections/duplex.ts'
import type { Builder } from './builder.ts'
import { join } from './join.ts'
import { beginSession } from './session-request.ts'

export interface RelayOptions {
  readonly onFailure?: ((error: unknown, request: Request) => void) | undefined
}

/** Hands the connections of clients that build to the process that builds. */
export function relayConnections(
  builder: Builder,
  { onFailure }: RelayOptions,
): () => Promise<RelayedConnections> {
  const relay = async (connection: object, path: string, begin: Begin): Promise<void> => {
    const client = duplexOf(connection)
    try {
      join(client, await begin(await dial(builder)))
    } catch (error) {
      client.destroy()
      onFailure?.(error, new Request(`http://localhost${path}`, { method: 'POST' }))
    }
  }
  const connections: RelayedConnections = {
    kind: 'relayed',
    // The first bytes of the client tell the process that calls follow.
    serve: (connection) => void relay(connection, '/grpc', async (socket) => socket),
    openSession: (connection, headers) =>
      void relay(connection, '/session', (socket) => beginSession(socket, headers)),
    async forward(request) {
      const use = await builder.use()
      return await forwardRequest(request, use.socket, () => use[Symbol.dispose]())
    },
  }
  return async () => connections
}

type Begin = (socket: Socket) => Promise<Socket>

/** Connects to the process, which runs as long as the connection is open. */
async function dial(builder: Builder): Promise<Socket> {
  const use = await builder.use()
  const socket = connect({ path: use.socket, allowHalfOpen: true })
  socket.once('close', () => use[Symbol.dispose]())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}
