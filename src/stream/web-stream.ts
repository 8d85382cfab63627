import type { Bytes } from './bytes.ts'
import { type KeptBytes, type KeptChunk, keepChunks } from './kept.ts'

/**
 * Makes a web stream of bytes. Each chunk is copied, because its producer may reuse the
 * buffer while the stream still holds it.
 */
export function toReadableStream(bytes: Bytes): ReadableStream<KeptChunk> {
  return asReadableStream(keepChunks(bytes))
}

/** Like `toReadableStream`, without copies, for chunks that their producer does not reuse. */
export function asReadableStream(bytes: KeptBytes): ReadableStream<KeptChunk> {
  const iterator = bytes[Symbol.asyncIterator]()
  return new ReadableStream<KeptChunk>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(error)
        }
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
