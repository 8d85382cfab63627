import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Connections extends AsyncDisposable {
  /** Returns both ends of a new connection. */
  open(): Promise<{ readonly client: Socket; readonly server: Socket }>
}

/** Makes connections over a Unix socket. */
export async function listenForConnections(): Promise<Connections> {
  const directory = mkdtempSync(join(tmpdir(), 'grpc-'))
  const path = join(directory, 'socket')
  const waiting: ((socket: Socket) => void)[] = []
  const server: Server = createServer({ allowHalfOpen: true }, (socket) =>
    waiting.shift()?.(socket),
  )
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    async open() {
      const { promise, resolve } = Promise.withResolvers<Socket>()
      waiting.push(resolve)
      const client = connect({ path, allowHalfOpen: true })
      return { client, server: await promise }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      rmSync(directory, { recursive: true })
    },
  }
}
