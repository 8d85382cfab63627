import { readFileSync } from 'node:fs'

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
    peak = Math.max(peak, ...family(pid).map(peakOf))
  }
  const timer = setInterval(read, pause)
  read()
  return () => {
    clearInterval(timer)
    return peak
  }
}

function family(pid: number): readonly number[] {
  const children = text(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(family)]
}

function peakOf(pid: number): number {
  const status = text(`/proc/${pid}/status`)
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

/** The text of a file of the kernel; empty if the process has ended. */
function text(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
