import type { Bytes } from '#stream'
import type { TarExtent } from '../entry.ts'

let zeros: Uint8Array | undefined

/** The contents of a sparse file, with its holes as zeros. */
export async function* expandSparse(
  stored: Bytes,
  extents: readonly TarExtent[],
  realSize: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = stored[Symbol.asyncIterator]()
  let chunk: Uint8Array = new Uint8Array(0)
  let position = 0
  for (const { offset, size } of extents) {
    yield* hole(offset - position)
    position = offset
    const end = offset + size
    while (position < end) {
      if (chunk.length === 0) {
        const result = await chunks.next()
        if (result.done === true) return
        chunk = result.value
      }
      const part = chunk.subarray(0, end - position)
      chunk = chunk.subarray(part.length)
      position += part.length
      yield part
    }
  }
  yield* hole(realSize - position)
}

function* hole(size: number): Generator<Uint8Array, void, undefined> {
  zeros ??= new Uint8Array(1_048_576)
  for (let rest = size; rest > 0; rest -= zeros.length) {
    yield rest < zeros.length ? zeros.subarray(0, rest) : zeros
  }
}
