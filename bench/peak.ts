import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds between two readings. */
const pause = 25

/**
 * Watches the memory of a process and of its descendants until the returned function is called,
 * which returns the largest resident size of any one of them, in bytes. `ru_maxrss` of a child is
 * no such figure: it starts at the size of the process that has made the child.
 */
export function watchPeak(pid: number): () => number {
  let peak = 0
  const read = (): void => {
    peak = Math.max(peak, ...withDescendants(pid).map(peakOf))
  }
  const timer = setInterval(read, pause)
  read()
  return () => {
    clearInterval(timer)
    return peak
  }
}

/** Returns the IDs of a process and of all processes below it. */
export function withDescendants(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(withDescendants)]
}

/** The children of a process. Each of its threads has a list of those that it has started. */
export function childrenOf(pid: number): readonly number[] {
  return orElse([], () => readdirSync(`/proc/${pid}/task`)).flatMap((task) => {
    const list = orElse('', () => readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1'))
    return list.split(' ').filter(Boolean).map(Number)
  })
}

/** The largest resident size that a process has had, in bytes; 0 if it has ended. */
export function peakOf(pid: number): number {
  const status = orElse('', () => readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

/** What `read` returns, or `otherwise` if the process has ended. */
function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
