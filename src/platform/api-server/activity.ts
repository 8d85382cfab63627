/** Tells whether a server works, so that it can end itself when it has nothing to do. */
export interface Activity {
  /** Counts one piece of work until the returned function is called. */
  begin(): () => void
  /** Resolves when nothing was done for this time, or when `signal` aborts. */
  idle(milliseconds: number, signal: AbortSignal): Promise<void>
}

export interface ActivityOptions {
  /**
   * Called when no work has begun or ended for a second, once after some work has ended. Long work may
   * run still: a client may follow events for days.
   */
  readonly onQuiet?: (() => void) | undefined
}

/** In milliseconds. */
const quiet = 1000

export function createActivity({ onQuiet }: ActivityOptions = {}): Activity {
  let running = 0
  let lastEnd = Date.now()
  let lastChange = lastEnd
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    const remaining = lastChange + quiet - Date.now()
    timer = remaining > 0 ? setTimeout(look, remaining).unref() : undefined
    if (timer === undefined) onQuiet?.()
  }
  return {
    begin() {
      running += 1
      lastChange = Date.now()
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        running -= 1
        lastEnd = Date.now()
        lastChange = lastEnd
        if (onQuiet !== undefined) timer ??= setTimeout(look, quiet).unref()
      }
    },
    async idle(milliseconds, signal) {
      while (!signal.aborted) {
        const remaining = running > 0 ? milliseconds : lastEnd + milliseconds - Date.now()
        if (remaining <= 0) return
        await pause(remaining, signal)
      }
    },
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    // A timer of more than 2^31 milliseconds would fire at once.
    const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1))
    signal.addEventListener('abort', done, { once: true })
  })
}
