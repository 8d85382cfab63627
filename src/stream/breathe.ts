import { giveWay } from './give-way.ts'

const longest = 50

/**
 * Lets other work of the process run at least every 50 ms during many synchronous steps. Call the
 * result between steps. Throws when `signal` aborts.
 */
export function createBreath(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let last = performance.now()
  let steps = 0
  return () => {
    signal?.throwIfAborted()
    if (++steps % 16 !== 0 || performance.now() - last < longest) return undefined
    return giveWay(signal).finally(() => {
      last = performance.now()
    })
  }
}
