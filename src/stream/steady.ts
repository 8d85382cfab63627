import { StrakeError } from '#oci'
import type { Bytes } from './bytes.ts'

export interface Pace {
  /** Milliseconds without a byte after which the sender counts as gone; a minute. */
  readonly silence?: number | undefined
  /** Bytes per second that must come on average; 1,024. */
  readonly rate?: number | undefined
  /** Milliseconds of waiting before the rate counts; half a minute. */
  readonly grace?: number | undefined
  /** Milliseconds, from any beginning on. */
  readonly now?: (() => number) | undefined
}

/** A sender that is so slow that waiting for it makes no sense. */
export class TooSlowError extends StrakeError {
  constructor() {
    super('UNAVAILABLE', 'Cannot receive the request: its body comes too slowly')
  }
}

/**
 * Passes bytes through for as long as they come fast enough. Only the time spent
 * waiting for them counts, so a consumer may be as slow as it likes. Throws
 * `TooSlowError`.
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
  // A race with one promise for all chunks would keep something of every chunk.
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
    // Not waited for: a source that is silent answers this no sooner than it sends.
    if (!isEnded) iterator.return?.().catch(() => {})
  }
}
