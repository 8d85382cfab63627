import { closeSync } from 'node:fs'
import {
  type ChildProcess,
  identifyProcess,
  makeLastingPipe,
  type ProcessIdentity,
  programEnvironment,
  type StdioSlot,
  spawnProcess,
  takeDescriptor,
} from '#platform'

/**
 * Starts a process that reads a pipe or terminal to its end and drops the bytes.
 * Without a reader, a process that writes to the pipe would be ended by SIGPIPE when
 * this process ends.
 */
export function keepOpen(fd: number): void {
  startKeeper([fd, 'ignore', 'ignore']).unref()
}

/** The number that a held descriptor has in its holder. */
const heldNumber = 3

/**
 * Starts a process that has a duplicate of `fd` and does nothing else. So a terminal or the input
 * of a container stays open if the monitor is killed. The caller ends the process with SIGKILL.
 */
export function holdOpen(fd: number): ProcessIdentity | undefined {
  // The holder waits for input that never comes, because it has the writing end itself.
  const waiting = makeLastingPipe()
  try {
    const holder = startKeeper([waiting.write, 'ignore', 'ignore', fd])
    holder.unref()
    return identifyProcess(holder.pid)
  } finally {
    closeSync(waiting.read)
    closeSync(waiting.write)
  }
}

/** Returns a duplicate of the descriptor of a holder; `undefined` if the holder is gone. */
export function takeHeld(holder: ProcessIdentity): number | undefined {
  return takeDescriptor(holder, heldNumber)
}

function startKeeper(stdio: readonly StdioSlot[]): ChildProcess {
  return spawnProcess(['cat'], { stdio, env: programEnvironment, cwd: '/', ownSession: true })
}
