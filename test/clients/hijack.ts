import { connect } from 'node:net'

export interface TakenRequest {
  readonly path: string
  readonly body?: unknown
  /** Sent after the server has handed the connection over; its end is the end of this side. */
  readonly input?: Uint8Array
  /** The process has a terminal, so that the output has no frames. */
  readonly isTerminal?: boolean
}

/** Takes a connection over and returns the output of both streams until its end, without frames. */
export async function converse(
  socket: string,
  { path, body, input = new Uint8Array(), isTerminal = false }: TakenRequest,
): Promise<Uint8Array> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const connection = connect({ path: socket, allowHalfOpen: true })
  connection.write(
    `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
  const chunks: Uint8Array[] = []
  let isTaken = false
  for await (const chunk of connection as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    if (isTaken) continue
    const received = Buffer.concat(chunks)
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) continue
    const head = received.subarray(0, end).toString('latin1')
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`${path}: ${received.toString()}`)
    isTaken = true
    chunks.splice(0, chunks.length, received.subarray(end + 4))
    connection.end(input)
  }
  connection.destroy()
  const output = Buffer.concat(chunks)
  return isTerminal ? output : withoutFrames(output)
}

/** Throws for bytes that are no frames. */
export function withoutFrames(bytes: Buffer): Uint8Array {
  const pieces: Uint8Array[] = []
  let at = 0
  while (at + 8 <= bytes.length) {
    const [stream = 9, ...zeros] = bytes.subarray(at, at + 4)
    if (stream > 2 || zeros.some((byte) => byte !== 0)) throw new Error(`no frame at byte ${at}`)
    const size = bytes.readUInt32BE(at + 4)
    pieces.push(bytes.subarray(at + 8, at + 8 + size))
    at += 8 + size
  }
  if (at !== bytes.length) throw new Error(`a frame is cut: ${at} of ${bytes.length} bytes`)
  return Buffer.concat(pieces)
}
