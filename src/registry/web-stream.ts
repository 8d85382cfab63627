import type { Bytes } from '#stream'

/**
 * Bytes as a web stream, the only place where registries need one. A chunk is
 * copied: its producer may use the buffer again while the stream still holds it.
 */
export function toReadableStream(bytes: Bytes): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(bytes, (chunk) => new Uint8Array(chunk))
}

/** The same for chunks that nobody changes any more, without copying them. */
export function asReadableStream<B extends ArrayBufferLike>(
  bytes: AsyncIterable<Uint8Array<B>>,
): ReadableStream<Uint8Array<B>> {
  return streamOf(bytes, (chunk) => chunk)
}

function streamOf<T, C>(items: AsyncIterable<T>, take: (item: T) => C): ReadableStream<C> {
  const iterator = items[Symbol.asyncIterator]()
  return new ReadableStream<C>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next()
          if (done === true) controller.close()
          else controller.enqueue(take(value))
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
