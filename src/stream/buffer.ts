import type { Bytes } from './bytes.ts'
import { giveChunk, type KeptChunk, keepChunk } from './kept.ts'
import { limited } from './limit.ts'

/** The bytes of all `chunks` in one buffer. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}

/** Yields the buffers themselves, so the caller must not change them during the iteration. */
export async function* fromBuffers(buffers: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const buffer of buffers) if (buffer.length > 0) yield buffer
}

/** One buffer as a stream. */
export function fromBuffer(buffer: Uint8Array): AsyncGenerator<Uint8Array> {
  return fromBuffers([buffer])
}

/** Reads the whole stream into memory. Throws `SIZE_INVALID` for more than `max` bytes. */
export async function toBuffer(
  bytes: Bytes,
  max: number,
  what = 'content',
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: KeptChunk[] = []
  for await (const chunk of limited(bytes, max, what)) chunks.push(keepChunk(chunk))
  return concat(chunks)
}

/**
 * The same bytes in chunks of `size`, the last one shorter. Every chunk is a separate buffer that
 * the consumer may keep.
 */
export async function* rechunk(bytes: Bytes, size: number): AsyncGenerator<KeptChunk> {
  let buffer = new Uint8Array(size)
  let filled = 0
  for await (const chunk of bytes) {
    for (let offset = 0; offset < chunk.length; ) {
      const part = chunk.subarray(offset, offset + size - filled)
      buffer.set(part, filled)
      filled += part.length
      offset += part.length
      if (filled < size) continue
      yield giveChunk(buffer)
      buffer = new Uint8Array(size)
      filled = 0
    }
  }
  if (filled > 0) yield giveChunk(buffer.subarray(0, filled))
}

/**
 * The same bytes in chunks of `size` or more, the last one shorter. Large chunks pass
 * unchanged. A chunk may change when the consumer asks for the next one.
 */
export async function* gathered(bytes: Bytes, size: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(size)
  let filled = 0
  for await (const chunk of bytes) {
    const missing = filled === 0 && chunk.length >= size ? 0 : size - filled
    buffer.set(chunk.subarray(0, missing), filled)
    filled += Math.min(missing, chunk.length)
    if (missing > chunk.length) continue
    if (filled > 0) yield buffer
    filled = 0
    const rest = chunk.subarray(missing)
    if (rest.length >= size) yield rest
    else {
      buffer.set(rest)
      filled = rest.length
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}
