/** Work that is done again and again, never twice at a time. */
export interface Repeated extends AsyncDisposable {
  /** Begins the work now, unless it is going on. */
  start(): void
  readonly isRunning: boolean
}

export interface RepeatOptions {
  /** Milliseconds between two beginnings. Default: only `start` begins the work. */
  readonly interval?: number | undefined
  /** Called when the work has failed, but not because of the disposal. It is begun again all the same. */
  readonly onError: (error: unknown) => void
}

/** Repeats work until disposed. Disposal aborts `signal` and waits for the end of the work. */
export function repeat(
  work: (signal: AbortSignal) => Promise<void>,
  { interval, onError }: RepeatOptions,
): Repeated {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  const start = (): void => {
    running ??= work(stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) onError(error)
      })
      .finally(() => {
        running = undefined
      })
  }
  const timer = interval === undefined ? undefined : setInterval(start, interval)
  timer?.unref()
  return {
    start,
    get isRunning() {
      return running !== undefined
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stop.abort()
      await running
    },
  }
}
