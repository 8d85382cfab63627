import { connect, createServer } from 'node:net'

/** A load balancer: each connection goes to the next server that accepts it. */
export interface Balancer extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string
}

/** `hosts` are addresses such as `127.0.0.1:5000`. */
export async function startBalancer(hosts: readonly string[], port = 0): Promise<Balancer> {
  const servers = hosts.map((host) => new URL(`http://${host}`))
  let turn = 0
  const listener = createServer((client) => {
    const tryNext = (left: number): void => {
      const next = servers[turn++ % servers.length]
      const server = connect(Number(next?.port), next?.hostname)
      server.once('connect', () => {
        client.pipe(server).pipe(client)
      })
      server.on('error', () => {
        if (left > 0 && server.bytesRead === 0) tryNext(left - 1)
        else client.destroy()
      })
      client.on('error', () => server.destroy())
      client.on('close', () => server.destroy())
    }
    tryNext(servers.length - 1)
  })
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  const address = listener.address()
  const own = typeof address === 'object' ? address?.port : undefined
  return {
    host: `127.0.0.1:${own}`,
    async [Symbol.asyncDispose]() {
      listener.close()
    },
  }
}
