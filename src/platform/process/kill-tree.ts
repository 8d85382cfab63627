import { readSmallFile } from '../call/posix.ts'

/**
 * Kills a process and every descendant of it. Each is stopped before its
 * children are listed, so none can make another child meanwhile. `pid` must be
 * a child of ours that is not reaped yet: else the number may be another's.
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
    // It has ended meanwhile.
  }
}
