import { basename, dirname } from 'node:path'

/** Follows the writes of all processes to a database, for one reader. */
export interface WriteWatch extends Disposable {
  /**
   * Resolves at the first write since the last call, also a write before this call. Without any, it
   * resolves after some time, because a file system may not tell of writes, and after at most
   * `most` milliseconds. Throws the reason of `signal`.
   */
  next(signal: AbortSignal, most: number): Promise<void>
}

/** The most milliseconds without a look: where the kernel tells of writes, and where it cannot. */
const [longestPause, blindPause] = [1000, 40]

/** The least milliseconds between two results, because a command may write many times. */
const shortestPause = 5

/** Returns a function that makes watches of one database. They share one watch of the kernel. */
export function writeWatches(path: string): () => WriteWatch {
  const readers = new Set<() => void>()
  let watcher: Disposable | undefined
  const tell = (): void => {
    for (const wake of readers) wake()
  }
  return () => {
    let isWritten = false
    let wake: (() => void) | undefined
    const onWrite = (): void => {
      isWritten = true
      wake?.()
    }
    readers.add(onWrite)
    watcher ??= watchLog(path, tell)
    let last = 0
    // The kernel tells when SQLite writes a change into its log. Readers see the change only after
    // the disk has it, so they look again and again, at growing distances.
    let echo = longestPause
    return {
      async next(signal, most) {
        await pause(Math.max(0, last + shortestPause - Date.now()), signal)
        if (!isWritten) {
          const usual = watcher === undefined ? blindPause : echo
          await pause(Math.min(usual, Math.max(most, 1)), signal, (resolve) => {
            wake = resolve
          })
          wake = undefined
        }
        echo = isWritten ? shortestPause : Math.min(2 * echo, longestPause)
        isWritten = false
        last = Date.now()
      },
      [Symbol.dispose]() {
        readers.delete(onWrite)
        if (readers.size > 0) return
        watcher?.[Symbol.dispose]()
        watcher = undefined
      },
    }
  }
}

/** SQLite may remove and make the log of a database at any time, so the directory is watched. */
function watchLog(path: string, tell: () => void): Disposable | undefined {
  const log = `${basename(path)}-wal`
  try {
    const watcher = process
      .getBuiltinModule('node:fs')
      .watch(dirname(path), { persistent: false }, (_, name) => {
        if (name === log) tell()
      })
    watcher.on('error', () => {})
    return { [Symbol.dispose]: () => watcher.close() }
  } catch (error) {
    // The machine has no more watches to give.
    if (error instanceof Error) return undefined
    throw error
  }
}

async function pause(
  milliseconds: number,
  signal: AbortSignal,
  onStart: (resolve: () => void) => void = () => {},
): Promise<void> {
  signal.throwIfAborted()
  if (milliseconds === 0) return
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', settle)
      resolve()
    }
    const timer = setTimeout(settle, milliseconds)
    signal.addEventListener('abort', settle, { once: true })
    onStart(settle)
  })
  signal.throwIfAborted()
}
