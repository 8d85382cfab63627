import { readSmallFile } from '../call/posix.ts'

/**
 * Kills a process and every descendant of it. Stops each process before it lists its children, so
 * that none can start another one in between. `pid` must be a child of this process that was not
 * reaped yet; otherwise the number may belong to another process.
 */
export function killTree(pid: number): void {
  const found = [pid]
  for (const one of found) {
    signal(one, 'SIGSTOP')
    const children = readSmallFile(`/proc/${one}/task/${one}/children`) ?? ''
    found.push(...children.split(' ').filter(Boolean).map(Number))
  }
  for (const one of found) signal(one, 'SIGKILL')
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process has ended.
  }
}
