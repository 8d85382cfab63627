import { connect, createServer, type Socket } from 'node:net'
import type { ProxiedPort } from './proxied-port.ts'

/**
 * Listens on a TCP port and connects every client with the container; each direction ends
 * separately.
 */
export async function openTcpProxy({
  hostIp,
  hostPort,
  target,
}: ProxiedPort): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const container = connect({ host: target.ip, port: target.port, allowHalfOpen: true })
    for (const [one, other] of [
      [client, container],
      [container, client],
    ] as const) {
      keep(one)
      // An error on one side ends both sides.
      one.once('error', () => other.destroy())
    }
    container.once('connect', () => {
      client.pipe(container)
      container.pipe(client)
      client.resume()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: hostIp, port: hostPort, ipv6Only: hostIp.includes(':') }, resolve)
  })
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
