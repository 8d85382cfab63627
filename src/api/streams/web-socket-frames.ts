/** The kinds of frames, with their numbers. */
export const opcodes = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const

/** What a client sends: a piece of a message of any length, or one whole control frame. */
export type ClientFrame =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'close' | 'ping' | 'pong'; readonly bytes: Uint8Array }

/** A client that breaks the rules of RFC 6455. The connection ends with the status 1002. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** The most bytes in a control frame. */
const largestControl = 125

/**
 * Reads the frames of a client. A message comes in the pieces in which the connection yields it, so
 * that a message of any length takes no memory. The end of the connection ends the frames. Throws
 * `FrameError` for a frame that no client may send.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 */
export async function* readFrames(
  connection: AsyncIterator<Uint8Array>,
): AsyncGenerator<ClientFrame> {
  const reader = new ByteReader(connection)
  let isInMessage = false
  for (;;) {
    const start = await reader.take(2)
    if (start === undefined) return
    const head = headOf(start)
    checkHead(head, isInMessage)
    const length = await readLength(reader, head.length)
    const mask = length === undefined ? undefined : await reader.take(4)
    if (length === undefined || mask === undefined) return
    if (head.kind !== undefined) {
      const bytes = await reader.take(length)
      if (bytes === undefined) return
      yield { kind: head.kind, bytes: unmask(bytes, mask, 0) }
      continue
    }
    isInMessage = !head.isLast
    for (let position = 0; position < length; ) {
      const bytes = await reader.piece(length - position)
      if (bytes === undefined) return
      yield { kind: 'data', bytes: unmask(bytes, mask, position) }
      position += bytes.length
    }
  }
}

interface Head {
  readonly isLast: boolean
  readonly hasReserved: boolean
  readonly opcode: number
  /** `undefined` for a frame with a part of a message. */
  readonly kind: 'close' | 'ping' | 'pong' | undefined
  readonly isMasked: boolean
  /** 126 and 127 stand for longer lengths that follow. */
  readonly length: number
}

const controls = new Map<number, Head['kind']>([
  [opcodes.close, 'close'],
  [opcodes.ping, 'ping'],
  [opcodes.pong, 'pong'],
])

function headOf([first = 0, second = 0]: Uint8Array): Head {
  const opcode = first & 0x0f
  return {
    isLast: (first & 0x80) !== 0,
    hasReserved: (first & 0x70) !== 0,
    opcode,
    kind: controls.get(opcode),
    isMasked: (second & 0x80) !== 0,
    length: second & 0x7f,
  }
}

function checkHead(head: Head, isInMessage: boolean): void {
  if (head.hasReserved) throw new FrameError('a frame uses reserved bits')
  if (!head.isMasked) throw new FrameError('a frame of a client has no mask')
  if (head.kind !== undefined) {
    if (head.kind === 'close' && head.length === 1) throw new FrameError('a status has one byte')
    if (head.isLast && head.length <= largestControl) return
    throw new FrameError('a control frame is too long or in parts')
  }
  if (head.opcode > opcodes.binary) throw new FrameError('a frame is of an unknown kind')
  if ((head.opcode === opcodes.continuation) !== isInMessage) {
    throw new FrameError('a frame is out of order')
  }
}

async function readLength(reader: ByteReader, length: number): Promise<number | undefined> {
  if (length < 126) return length
  const bytes = await reader.take(length === 126 ? 2 : 8)
  if (bytes === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const long = length === 126 ? view.getUint16(0) : Number(view.getBigUint64(0))
  if (long < (length === 126 ? 126 : 2 ** 16)) {
    throw new FrameError('a length takes more bytes than it needs')
  }
  if (!Number.isSafeInteger(long)) throw new FrameError('a frame is too long')
  return long
}

/** Returns a copy of the bytes at `position` of a frame without the mask. */
function unmask(bytes: Uint8Array, mask: Uint8Array, position: number): Uint8Array {
  return bytes.map((byte, index) => byte ^ (mask[(position + index) % 4] ?? 0))
}

/** Takes bytes off the front of a connection. */
class ByteReader {
  readonly #connection: AsyncIterator<Uint8Array>
  #bytes: Uint8Array = new Uint8Array()

  constructor(connection: AsyncIterator<Uint8Array>) {
    this.#connection = connection
  }

  /** Returns exactly `size` bytes, at most 125; `undefined` when the connection ends before. */
  async take(size: number): Promise<Uint8Array | undefined> {
    while (this.#bytes.length < size) {
      const { done, value } = await this.#connection.next()
      if (done === true) return undefined
      this.#bytes = this.#bytes.length === 0 ? value : Buffer.concat([this.#bytes, value])
    }
    return this.#cut(size)
  }

  /** Returns the next bytes, at most `most`; `undefined` when the connection ends. */
  async piece(most: number): Promise<Uint8Array | undefined> {
    if (this.#bytes.length === 0) {
      const { done, value } = await this.#connection.next()
      if (done === true) return undefined
      this.#bytes = value
    }
    return this.#cut(Math.min(most, this.#bytes.length))
  }

  #cut(size: number): Uint8Array {
    const taken = this.#bytes.subarray(0, size)
    this.#bytes = this.#bytes.subarray(size)
    return taken
  }
}

/** Formats a frame of a server: whole and without a mask. */
export function serverFrame(opcode: number, bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  const extra = length < 126 ? 0 : length < 2 ** 16 ? 2 : 8
  const frame = new Uint8Array(2 + extra + length)
  const view = new DataView(frame.buffer)
  frame[0] = 0x80 | opcode
  frame[1] = extra === 0 ? length : extra === 2 ? 126 : 127
  if (extra === 2) view.setUint16(2, length)
  if (extra === 8) view.setBigUint64(2, BigInt(length))
  frame.set(bytes, 2 + extra)
  return frame
}

/** Formats the frame that ends a connection. */
export function closeFrame(status: number): Uint8Array {
  return serverFrame(opcodes.close, Uint8Array.of(status >> 8, status & 0xff))
}
