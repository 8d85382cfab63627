import { connect } from 'node:net'

/** A request as bytes: nothing is added, removed or followed, other than by `fetch`. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** How much of the answer is read: all of it, the head, or the head and the first bytes after it. */
  readonly read?: 'all' | 'head' | 'some'
  /** Milliseconds after which an answer that does not end counts as read. */
  readonly limit?: number
}

export interface RawAnswer {
  readonly status: number
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array
}

/** Sends one request over a connection of its own. */
export async function askRaw(socket: string, request: RawRequest): Promise<RawAnswer> {
  const { method, path, headers = {}, body = '', read = 'all', limit = 20_000 } = request
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const isUpgrade = Object.keys(headers).some((name) => name.toLowerCase() === 'upgrade')
  const lines = Object.entries({
    Host: 'docker',
    ...(isUpgrade ? {} : { Connection: 'close' }),
    ...(bytes.length > 0 || method !== 'GET' ? { 'Content-Length': `${bytes.length}` } : {}),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  const connection = connect(socket)
  const received: Uint8Array[] = []
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, limit)
    const finish = (): void => {
      clearTimeout(timer)
      resolve()
    }
    // A server may answer and close before it has read the whole request.
    connection.on('error', finish)
    connection.on('close', finish)
    connection.on('end', finish)
    connection.on('data', (chunk: Uint8Array) => {
      received.push(chunk)
      if (read === 'all') return
      const text = Buffer.concat(received).toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end >= 0 && (read === 'head' || text.length > end + 4)) finish()
    })
    // In one piece: a server that answers before it has read the body must not break the connection.
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    connection.write(Buffer.concat([head, bytes]))
  })
  connection.destroy()
  return parseAnswer(Buffer.concat(received))
}

function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return { status: 0, headers: new Map(), body: bytes }
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  const rest = bytes.subarray(end + 4)
  const body = headers.get('transfer-encoding') === 'chunked' ? joinChunks(rest) : rest
  return { status: Number(first.split(' ')[1]), headers, body }
}

/** Takes what is there of an answer in chunks; the last one may be cut. */
function joinChunks(bytes: Buffer): Uint8Array {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (end < 0 || !(size > 0)) break
    pieces.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
  return Buffer.concat(pieces)
}
