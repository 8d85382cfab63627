import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** A connection, and bytes after the head of the request that were read already. */
export interface TakenConnection {
  readonly socket: Duplex
  readonly head: Buffer
}

/** The body of a request, and the bytes after it. */
export interface ReceivedBody {
  readonly body: Uint8Array | null
  readonly rest: Uint8Array
}

/** The largest body of a request to change the protocol. `exec` sends a few hundred bytes. */
const largest = 1024 * 1024

/**
 * Reads the body of a request to change the protocol. Returns `undefined` for a body that is too
 * large, malformed or cut off.
 */
export async function readUpgradeBody(
  incoming: IncomingMessage,
  connection: TakenConnection,
): Promise<ReceivedBody | undefined> {
  const { 'transfer-encoding': encoding, 'content-length': length = '0' } = incoming.headers
  if (typeof Bun === 'undefined') return await readOnNode(incoming, connection.head)
  // On Bun, `incoming` ends without the body, which is in the bytes of the connection.
  const reader = new ConnectionReader(connection)
  if (encoding !== undefined) {
    return encoding.toLowerCase() === 'chunked' ? await readChunks(reader) : undefined
  }
  const size = Number(length)
  if (!Number.isSafeInteger(size) || size < 0 || size > largest) return undefined
  const body = await reader.take(size)
  return body && { body: size === 0 ? null : body, rest: reader.rest }
}

async function readOnNode(
  incoming: IncomingMessage,
  rest: Uint8Array,
): Promise<ReceivedBody | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += chunk.length
    if (size > largest) return undefined
    chunks.push(chunk)
  }
  return { body: size === 0 ? null : Buffer.concat(chunks), rest }
}

/**
 * Reads a body in chunks, each after a line with its length in hexadecimal digits.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-7.1
 */
async function readChunks(reader: ConnectionReader): Promise<ReceivedBody | undefined> {
  const chunks: Uint8Array[] = []
  let total = 0
  for (;;) {
    const [, digits] = /^([0-9a-f]{1,6})(?:[ \t]*;.*)?$/i.exec((await reader.line()) ?? '') ?? []
    if (digits === undefined) return undefined
    const size = Number.parseInt(digits, 16)
    if (size === 0) break
    total += size
    const chunk = total > largest ? undefined : await reader.take(size)
    if (chunk === undefined || (await reader.line()) !== '') return undefined
    chunks.push(chunk)
  }
  // Header fields after the last chunk mean nothing here.
  for (let count = 0; count < 100; count += 1) {
    const line = await reader.line()
    if (line === undefined) return undefined
    if (line === '') return { body: Buffer.concat(chunks), rest: reader.rest }
  }
  return undefined
}

/** The longest line between the chunks of a body. */
const longestLine = 4096

/** Takes pieces off the front of a connection. */
class ConnectionReader {
  readonly #socket: Duplex
  #bytes: Buffer

  constructor({ socket, head }: TakenConnection) {
    this.#socket = socket
    this.#bytes = head
  }

  /** The bytes that were received and not taken. */
  get rest(): Uint8Array {
    return this.#bytes
  }

  /** Returns `undefined` when the connection ends before. */
  async take(size: number): Promise<Uint8Array | undefined> {
    while (this.#bytes.length < size) {
      if (!(await this.#receive())) return undefined
    }
    return this.#cut(size)
  }

  /** Returns a line without its end; `undefined` when the connection ends before, or it is too long. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n')
      if (end > longestLine || (end === -1 && this.#bytes.length > longestLine)) return undefined
      if (end !== -1) return this.#cut(end + 2).toString('latin1', 0, end)
      if (!(await this.#receive())) return undefined
    }
  }

  #cut(size: number): Buffer {
    const taken = this.#bytes.subarray(0, size)
    this.#bytes = this.#bytes.subarray(size)
    return taken
  }

  async #receive(): Promise<boolean> {
    const chunk = await nextChunk(this.#socket)
    if (chunk !== undefined) this.#bytes = Buffer.concat([this.#bytes, chunk])
    return chunk !== undefined
  }
}

/** Returns the next bytes of a connection and pauses it; `undefined` at its end. */
function nextChunk(socket: Duplex): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (chunk?: Buffer): void => {
      socket.pause()
      socket.off('data', settle)
      socket.off('end', onEnd)
      socket.off('close', onEnd)
      resolve(chunk)
    }
    const onEnd = (): void => settle(undefined)
    if (socket.destroyed) {
      resolve(undefined)
      return
    }
    socket.on('data', settle)
    socket.once('end', onEnd)
    socket.once('close', onEnd)
    socket.resume()
  })
}
