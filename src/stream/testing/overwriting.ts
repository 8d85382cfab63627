/**
 * Yields `content` in chunks of `size`, all in one buffer, which is overwritten when the next chunk
 * is requested. A producer of `Bytes` is allowed to do that.
 */
export async function* overwriting(
  content: Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  // A Buffer, because its `slice` returns the same memory.
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < content.length; at += size) {
    const part = content.subarray(at, at + size)
    buffer.set(part)
    yield buffer.subarray(0, part.length)
    buffer.fill(0xaa)
  }
}

/** Bytes that compress badly; the same for the same arguments. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = seed
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    words[index] = state ^ (state >>> 15)
  }
  return new Uint8Array(words.buffer).subarray(0, size)
}
