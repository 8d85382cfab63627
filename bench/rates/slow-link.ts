/** A link of limited speed to a server of this machine. Disposal ends it. */
export interface SlowLink extends Disposable {
  readonly port: number
}

/** Bytes that one turn passes on at most. */
const burst = 256 * 1024

/**
 * Passes connections on to a port. What the server sends comes at `rate` bytes per second, for all
 * connections together.
 */
export function openSlowLink(target: number, rate: number): SlowLink {
  interface Ends {
    server: Bun.Socket<Ends> | undefined
    readonly client: Bun.Socket<Ends>
    readonly up: Uint8Array[]
    readonly down: Uint8Array[]
  }
  // When the link has sent everything that was given to it so far.
  let freeAt = 0
  const pass = (to: Bun.Socket<Ends> | undefined, queue: Uint8Array[]): void => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const written = Math.max(0, to?.write(next) ?? 0)
      if (written === next.length) continue
      queue.unshift(next.subarray(written))
      return
    }
  }
  const listener = Bun.listen<Ends>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async open(client) {
        const ends: Ends = { client, server: undefined, up: [], down: [] }
        client.data = ends
        ends.server = await Bun.connect<Ends>({
          hostname: '127.0.0.1',
          port: target,
          data: ends,
          socket: {
            data(server, chunk) {
              const now = performance.now()
              freeAt = Math.max(now, freeAt) + (chunk.length / rate) * 1000
              ends.down.push(Buffer.from(chunk))
              pass(client, ends.down)
              if (freeAt - now < (burst / rate) * 1000) return
              server.pause()
              setTimeout(() => server.resume(), freeAt - now)
            },
            drain: () => pass(ends.server, ends.up),
            close() {
              client.end()
            },
          },
        })
        pass(ends.server, ends.up)
      },
      data(client, chunk) {
        client.data.up.push(Buffer.from(chunk))
        pass(client.data.server, client.data.up)
      },
      drain: (client) => pass(client, client.data.down),
      close(client) {
        client.data.server?.end()
      },
    },
  })
  return { port: listener.port, [Symbol.dispose]: () => listener.stop(true) }
}
