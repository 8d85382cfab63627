import { untilAborted } from './until.ts'

/** Bytes taken after the end of a process: no more than a pipe holds. */
const mostLeft = 1024 * 1024
/** Milliseconds in which what a pipe already holds arrives. */
const moment = 20

/**
 * Passes on what a process writes, to its end, and waits for whoever takes it.
 * Once `over` is aborted, only what the pipe still holds is passed on, without
 * waiting: another process may have the pipe open for ever. So each chunk must
 * have memory of its own.
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
