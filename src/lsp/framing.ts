/** A message of a client, or the reason why it could not be read. */
export type Incoming =
  | { readonly kind: 'message'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly reason: string; readonly isFatal: boolean }

/** Headers are a few short lines. A longer one comes from a client that speaks another protocol. */
const maxHeader = 8192
/** In bytes. A Dockerfile of 10 MiB, in which JSON escapes every character. */
export const maxBody: number = 64 * 1024 * 1024

/**
 * Reads messages with `Content-Length` headers. Yields all complete messages of what was received,
 * as one list. A body that is too long is skipped and never held. After a broken header nothing
 * can be read, so the last message is fatal.
 *
 * @see https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#baseProtocol
 */
export async function* readMessages(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Incoming[]> {
  const reader = new FrameReader()
  for await (const chunk of chunks) {
    const messages = reader.add(chunk)
    if (messages.length > 0) yield messages
    if (reader.isBroken) return
  }
}

class FrameReader {
  isBroken = false
  #pending: Buffer = Buffer.alloc(0)
  /** The parts of a body, so that a long one is not joined again with every chunk. */
  #parts: Buffer[] = []
  #missing = 0
  #toSkip = 0

  add(chunk: Uint8Array): Incoming[] {
    const found: Incoming[] = []
    let rest = Buffer.from(chunk)
    while (!this.isBroken) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, rest.length)
        this.#toSkip -= skipped
        rest = rest.subarray(skipped)
      }
      if (this.#missing > 0) {
        const part = rest.subarray(0, this.#missing)
        this.#parts.push(part)
        this.#missing -= part.length
        rest = rest.subarray(part.length)
        if (this.#missing > 0) break
        found.push(parseBody(Buffer.concat(this.#parts)))
        this.#parts = []
      }
      if (rest.length === 0) break
      const length = this.#header(rest)
      if (length === undefined) break
      rest = length.rest
      if (typeof length.value === 'string') {
        this.isBroken = true
        found.push({ kind: 'broken', reason: length.value, isFatal: true })
      } else if (length.value > maxBody) {
        this.#toSkip = length.value
        const reason = `a message has more than ${maxBody} bytes`
        found.push({ kind: 'broken', reason, isFatal: false })
      } else if (length.value === 0) found.push(parseBody(Buffer.alloc(0)))
      else this.#missing = length.value
    }
    return found
  }

  /** Returns the length and the bytes after the header, undefined for an incomplete one. */
  #header(
    rest: Buffer,
  ): { readonly value: number | string; readonly rest: Buffer<ArrayBuffer> } | undefined {
    const joined = Buffer.concat([this.#pending, rest])
    const end = joined.indexOf('\r\n\r\n')
    if (end < 0 || end > maxHeader) {
      if (joined.length > maxHeader) {
        return { value: 'a header has more than 8192 bytes', rest: Buffer.alloc(0) }
      }
      this.#pending = joined
      return undefined
    }
    this.#pending = Buffer.alloc(0)
    const after = joined.subarray(end + 4)
    const header = joined.subarray(0, end).toString('latin1')
    const match = /^content-length:[ \t]*(\d{1,15})[ \t]*$/im.exec(header)
    return match === null
      ? { value: 'a message has no Content-Length', rest: after }
      : { value: Number(match[1]), rest: after }
  }
}

function parseBody(body: Buffer): Incoming {
  try {
    return { kind: 'message', value: JSON.parse(body.toString('utf8')) }
  } catch {
    return { kind: 'broken', reason: 'a message is not JSON', isFatal: false }
  }
}

/** Returns a message with its header. */
export function frame(message: object): Uint8Array {
  const body = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body])
}
