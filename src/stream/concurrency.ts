/**
 * Calls `fn` for every item, at most `limit` at a time, and returns the results in the items'
 * order. After the first failure it starts no more calls, aborts the signal of the running ones,
 * waits for them, and throws the failure. So no call runs after it has returned.
 */
export async function mapConcurrently<T, R>(
  items: Iterable<T>,
  limit: number,
  fn: (item: T, index: number, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  const combined = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const results: R[] = []
  const queue = [...items].entries()
  let failure: { readonly error: unknown } | undefined

  async function work(): Promise<void> {
    for (const [index, item] of queue) {
      try {
        combined.throwIfAborted()
        results[index] = await fn(item, index, combined)
      } catch (error) {
        failure ??= { error }
        stop.abort(error)
      }
      if (failure !== undefined) return
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, limit) }, work))
  if (failure !== undefined) throw failure.error
  return results
}

/**
 * Yields `fn` of every item in the items' order while up to `limit` calls run
 * ahead of the consumer.
 */
export async function* mapOrdered<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  fn: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = []
  try {
    for await (const item of items) {
      const result = fn(item)
      // The failure is thrown in the order of the items. Without this it would count as unhandled
      // until then.
      result.catch(() => {})
      running.push(result)
      const next = running.length >= limit ? running.shift() : undefined
      if (next !== undefined) yield await next
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next
  } finally {
    await Promise.allSettled(running)
  }
}
