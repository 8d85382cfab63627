/** Chunks that wait for a reader. */
export interface ChunkQueue {
  add(chunk: Uint8Array): void
  /** No chunk follows. */
  end(): void
  /** All chunks in their order, to the end. A reader that stops early drops those that come later. */
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface ChunkQueueEvents {
  /** More than `most` bytes wait. */
  onFull(): void
  /** Called after `onFull`, when the reader has taken them. */
  onRoom(): void
}

/** Makes a queue between a producer that can be paused and one reader. */
export function chunkQueue(most: number, { onFull, onRoom }: ChunkQueueEvents): ChunkQueue {
  const waiting: Uint8Array[] = []
  let size = 0
  let [isEnded, isFull, isDropping] = [false, false, false]
  let news = Promise.withResolvers<void>()
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = waiting.shift()
        if (chunk === undefined) {
          if (isEnded) return
          news = Promise.withResolvers()
          await news.promise
          continue
        }
        size -= chunk.length
        if (isFull && size <= most) {
          isFull = false
          onRoom()
        }
        yield chunk
      }
    } finally {
      isDropping = true
      waiting.length = 0
      if (isFull) onRoom()
    }
  }
  return {
    chunks: read(),
    add(chunk) {
      if (isDropping) return
      waiting.push(chunk)
      size += chunk.length
      if (size > most && !isFull) {
        isFull = true
        onFull()
      }
      news.resolve()
    },
    end() {
      isEnded = true
      news.resolve()
    },
  }
}
