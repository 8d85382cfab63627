import { type Method, serveGrpc } from '#grpc'
import { listenForConnections } from '#grpc/testing/connections'
import { ClientSession } from '../client-session.ts'

/** A client of builds that serves `methods`, and its session as a server sees it. */
export async function openClient(
  methods: readonly Method[],
  sharedKey = '',
): Promise<{ readonly session: ClientSession } & AsyncDisposable> {
  const connections = await listenForConnections()
  const { client, server } = await connections.open()
  const served = serveGrpc(client, methods)
  const paths = methods.map(({ path }) => path)
  const session = new ClientSession(server, { id: 'test', sharedKey, methods: paths })
  return {
    session,
    async [Symbol.asyncDispose]() {
      session.client[Symbol.dispose]()
      await served.closed
      await connections[Symbol.asyncDispose]()
    },
  }
}
