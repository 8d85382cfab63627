import { fs } from '../call/node-fs.ts'
import { ignoring, readSmallFile } from '../call/posix.ts'
import { processIds } from './process-ids.ts'

/**
 * Kills a process and every descendant of it. Stops each process before it lists its children, so
 * that none can start another one in between. `pid` must be a child of this process that was not
 * reaped yet; otherwise the number may belong to another process. Returns the descendants, which
 * become children of the nearest subreaper.
 */
export function killTree(pid: number): readonly number[] {
  const found = [pid]
  for (const one of found) {
    signal(one, 'SIGSTOP')
    found.push(...childrenOf(one))
  }
  for (const one of found) signal(one, 'SIGKILL')
  return found.slice(1)
}

/**
 * Kills every process whose command line has these words in this order, one after the other, with all of
 * its descendants. A process of a container that gives itself such a command line is killed too: it harms
 * only its own container.
 */
export function killByWords(words: readonly string[]): void {
  const wanted = `\0${words.join('\0')}\0`
  for (const pid of processIds()) {
    if (pid === process.pid) continue
    if ((readSmallFile(`/proc/${pid}/cmdline`) ?? '').includes(wanted)) killTree(pid)
  }
}

/** Each thread has a list of the children that it has started. Programs in Go start them from any thread. */
function childrenOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`
  return (
    ignoring(['ENOENT', 'ESRCH'], () => fs().readdirSync(tasks))
      ?.map((thread) => readSmallFile(`${tasks}/${thread}/children`) ?? '')
      .flatMap((text) => text.split(' ').filter(Boolean).map(Number)) ?? []
  )
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process has ended.
  }
}
