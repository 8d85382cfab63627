/** A connection of HTTP that sends one request after the other. Answers must have a length. */
export interface Connection extends Disposable {
  /** Sends a request such as `HEAD /v2/`. */
  ask(request: string, message?: Message): Promise<Answer>
}

export interface Message {
  /** Lines without `Host` and `Content-Length`. */
  readonly headers?: readonly string[]
  readonly body?: readonly Uint8Array[]
}

export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  readonly hasBody: boolean
}

export async function connect(port: number): Promise<Connection> {
  let waiting: Waiting | undefined
  let received = ''
  let unsent: Uint8Array[] = []
  const flush = (socket: Bun.Socket<undefined>): void => {
    for (let next = unsent.shift(); next !== undefined; next = unsent.shift()) {
      const written = Math.max(0, socket.write(next))
      if (written === next.length) continue
      unsent.unshift(next.subarray(written))
      return
    }
  }
  const fail = (error: Error): void => waiting?.reject(error)
  const socket = await Bun.connect<undefined>({
    hostname: '127.0.0.1',
    port,
    socket: {
      drain: flush,
      error: (_, error) => fail(error),
      close: () => fail(new Error('the server has closed the connection')),
      data(_, chunk) {
        received += chunk.toString('latin1')
        const at = received.indexOf('\r\n\r\n')
        if (at < 0 || waiting === undefined) return
        const head = received.slice(0, at)
        const length = Number(/\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
        const end = at + 4 + (waiting.hasBody ? length : 0)
        if (received.length < end) return
        const body = received.slice(at + 4, end)
        received = received.slice(end)
        const { resolve } = waiting
        waiting = undefined
        resolve({ status: Number(head.slice(9, 12)), head, body })
      },
    },
  })
  return {
    ask(request, { headers = [], body = [] } = {}) {
      const length = body.reduce((sum, part) => sum + part.length, 0)
      const own = [`Host: 127.0.0.1:${port}`, `Content-Length: ${length}`]
      const head = [`${request} HTTP/1.1`, ...own, ...headers, '', ''].join('\r\n')
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject, hasBody: !request.startsWith('HEAD') }
        unsent = [Buffer.from(head), ...body]
        flush(socket)
      })
    },
    [Symbol.dispose]: () => socket.end(),
  }
}
