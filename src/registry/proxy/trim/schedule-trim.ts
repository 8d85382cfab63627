import { type TrimmedCache, type TrimOptions, trimCache } from './trim-cache.ts'

/** Milliseconds between two looks at the size of a cache. */
const interval = 60_000

/** The part of the limit to which a cache is trimmed, so that it is not trimmed at every pull. */
const target = 0.9

/** Keeps a cache below its size until disposed. */
export function scheduleTrim(
  cache: TrimmedCache,
  options: Omit<TrimOptions, 'signal'> & { readonly maxSize: number },
  onError: (error: unknown) => void,
): AsyncDisposable {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  const trim = async (): Promise<void> => {
    const { ledger } = cache
    let size = 0
    for (const prefix of options.prefixes) size += (await ledger.usage(prefix)).bytes
    if (size <= options.maxSize) return
    const maxSize = options.maxSize * target
    await trimCache(cache, { ...options, maxSize, signal: stop.signal })
  }
  const timer = setInterval(() => {
    running ??= trim()
      .catch((error: unknown) => {
        if (!stop.signal.aborted) onError(error)
      })
      .finally(() => {
        running = undefined
      })
  }, interval)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stop.abort()
      await running
    },
  }
}
