import { StrakeError } from '#oci'
import type { Bytes } from './bytes.ts'

export interface Pace {
  /** Milliseconds without a byte after which the sender counts as gone. Default one minute. */
  readonly silence?: number | undefined
  /** The least average rate in bytes per second. Default 1,024. */
  readonly rate?: number | undefined
  /** Milliseconds of waiting before the rate counts. Default half a minute. */
  readonly grace?: number | undefined
  /** Returns milliseconds from any starting point. */
  readonly now?: (() => number) | undefined
}

/** The error for a sender that is too slow to wait for. */
export class TooSlowError extends StrakeError {
  constructor() {
    super('UNAVAILABLE', 'Cannot receive the request: its body arrives too slowly')
  }
}

/**
 * Yields `bytes` while they arrive fast enough. Counts only the time of waiting for them, so a
 * consumer may be slow. Throws `TooSlowError`.
 */
export async function* steady(bytes: Bytes, pace: Pace = {}): AsyncGenerator<Uint8Array> {
  const { silence = 60_000, rate = 1024, grace = 30_000 } = pace
  const now = pace.now ?? (() => performance.now())
  const iterator = bytes[Symbol.asyncIterator]()
  let giveUp: ((error: Error) => void) | undefined
  const timer = setTimeout(() => {
    if (giveUp === undefined) timer.refresh()
    else giveUp(new TooSlowError())
  }, silence)
  // A race with one promise for all chunks would keep memory for every chunk.
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    new Promise((resolve, reject) => {
      giveUp = reject
      timer.refresh()
      iterator.next().then(resolve, reject)
    })
  let [waited, size, isEnded] = [0, 0, false]
  try {
    for (;;) {
      const began = now()
      const { done, value } = await next()
      giveUp = undefined
      isEnded = done === true
      if (isEnded) return
      waited += now() - began
      size += value.byteLength
      if (waited > grace && size < (rate * waited) / 1000) throw new TooSlowError()
      yield value
    }
  } finally {
    clearTimeout(timer)
    // Not awaited: a silent source does not settle this before it sends.
    if (!isEnded) iterator.return?.().catch(() => {})
  }
}
