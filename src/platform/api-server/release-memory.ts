/** Bytes by which a process has grown when it releases memory. A release takes milliseconds. */
const worthwhile = 4 * 1024 * 1024

/** Milliseconds in which the runtime gives memory back. */
const usualDelay = 500

export interface MemoryReleaseOptions {
  /** Bytes of memory of this process. */
  readonly resident?: (() => number) | undefined
  readonly release?: (() => void) | undefined
  readonly delay?: number | undefined
}

/**
 * Returns a function that gives garbage and compiled code back to the system, if the process has
 * grown since the last time. Called when nothing is to do: it blocks for as long as a walk over all
 * live objects takes, and code that is used again is compiled again.
 */
export function createMemoryRelease(options: MemoryReleaseOptions = {}): () => void {
  const { resident = process.memoryUsage.rss, release = releaseNow, delay = usualDelay } = options
  let least = 0
  return () => {
    if (resident() < least + worthwhile) return
    release()
    setTimeout(() => {
      least = resident()
    }, delay).unref()
  }
}

function releaseNow(): void {
  if (typeof Bun === 'undefined') return
  Bun.shrink()
  Bun.gc(true)
}
