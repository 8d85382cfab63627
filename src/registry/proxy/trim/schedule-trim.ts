import { repeat } from '../../repeat.ts'
import { cachedBytes } from './cached.ts'
import { type TrimmedCache, type TrimOptions, type TrimReport, trimCache } from './trim-cache.ts'

/** The part of the limit to which a cache is trimmed, so that it is not trimmed at every pull. */
const target = 0.9

export interface ScheduleTrimOptions extends Omit<TrimOptions, 'signal'> {
  readonly maxSize: number
  /** Milliseconds between two looks at the size. Default: a minute. */
  readonly interval?: number | undefined
}

export interface TrimEvents {
  readonly onTrimmed?: ((report: TrimReport) => void) | undefined
  readonly onError: (error: unknown) => void
}

/** Keeps a cache below its size until disposed. */
export function scheduleTrim(
  cache: TrimmedCache,
  options: ScheduleTrimOptions,
  { onTrimmed, onError }: TrimEvents,
): AsyncDisposable {
  const trim = async (signal: AbortSignal): Promise<void> => {
    if ((await cachedBytes(cache, options.prefixes)) <= options.maxSize) return
    const maxSize = options.maxSize * target
    onTrimmed?.(await trimCache(cache, { ...options, maxSize, signal }))
  }
  return repeat(trim, { interval: options.interval ?? 60_000, onError })
}
