import { type Bytes, type KeptBytes, type KeptChunk, keepChunks } from '#stream'

/**
 * Bytes as a web stream, the only place where registries need one. A chunk is
 * copied: its producer may use the buffer again while the stream still holds it.
 */
export function toReadableStream(bytes: Bytes): ReadableStream<KeptChunk> {
  return asReadableStream(keepChunks(bytes))
}

/** The same for chunks that stay as they are, without copying them. */
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
