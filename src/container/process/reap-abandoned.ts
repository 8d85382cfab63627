import { endedOrphans, reapOrphans } from '#platform'

/** Milliseconds between two looks. Code that waits for a process reaps it sooner than this. */
const usualPause = 5000

/**
 * Reaps orphans that have ended and for which nobody waits, until `signal` aborts. For a server:
 * a runtime that fails can leave a zombie in the pid namespace of a container, and the first process
 * of that container cannot end before its parent, which is the server, has reaped it.
 */
export function reapAbandoned(signal: AbortSignal, pause: number = usualPause): void {
  let before = new Set<number>()
  const timer = setInterval(() => {
    const now = endedOrphans()
    const abandoned = now.filter((pid) => before.has(pid))
    if (abandoned.length > 0) reapOrphans(now.filter((pid) => !before.has(pid)))
    before = new Set(now)
  }, pause)
  timer.unref()
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
