import { untilAborted } from './until.ts'

/** The most bytes that are read after the end of a process. A pipe holds no more. */
const mostLeft = 1024 * 1024
/** Milliseconds in which the bytes that a pipe already holds arrive. */
const moment = 20

/**
 * Calls `take` with each chunk that a process writes, to the end of `bytes`, and
 * waits for each call. After `over` is aborted, only the bytes that the pipe still
 * holds are passed on, and no call is waited for: another process may keep the
 * pipe open for ever. So each chunk must have its own memory.
 */
export async function pump(
  bytes: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => Promise<void>,
  over: AbortSignal,
): Promise<void> {
  const chunks = bytes[Symbol.asyncIterator]()
  try {
    for (let left = mostLeft; left > 0; ) {
      const next = chunks.next()
      const result = (await untilAborted(over, next)) ?? (await Promise.race([next, sleep(moment)]))
      if (result === undefined || result.done) return
      const taken = take(result.value)
      await untilAborted(over, taken)
      if (over.aborted) left -= result.value.length
    }
  } finally {
    void chunks.return?.()
  }
}

function sleep(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
