import {
  closeFile,
  identifyProcess,
  isSystemError,
  makeLastingPipe,
  makePipe,
  type ProcessIdentity,
  programEnvironment,
  spawnProcess,
  takeDescriptor,
  writeDescriptorNow,
} from '#platform'

/**
 * Starts a process that reads a pipe or terminal to its end and drops the bytes.
 * Without a reader, a process that writes to the pipe would be ended by SIGPIPE when
 * this process ends.
 */
export function keepOpen(fd: number): void {
  const stdio = [fd, 'ignore', 'ignore'] as const
  spawnProcess(['cat'], { stdio, env: programEnvironment, cwd: '/', ownSession: true }).unref()
}

/** A process that has a duplicate of a descriptor. */
export interface Holder {
  readonly identity: ProcessIdentity
  /** The holder ends with this process until this is called, so that no unrecorded holder remains. */
  readonly stay: () => void
}

/** The number that a held descriptor has in its holder. */
const heldNumber = 3

/**
 * The shell waits for a line. If its input ends first, because the monitor was killed, the shell ends. With
 * the line it becomes `cat`, which waits for ever: descriptor 4 is open for writing too, so it never ends.
 */
const holderScript = 'read -r _ && exec cat <&4'

/**
 * Starts a holder: a process that has a duplicate of `fd` and does nothing else. While the holder lives,
 * the kernel keeps the terminal or the input of the container open, also after the monitor was killed.
 * The caller kills the holder when the container has ended. Returns `undefined` if the holder has ended
 * already.
 */
export function holdOpen(fd: number): Holder | undefined {
  const waiting = makeLastingPipe()
  const word = makePipe()
  try {
    const holder = spawnProcess(['/bin/sh', '-c', holderScript], {
      stdio: [word.read, 'ignore', 'ignore', fd, waiting.write],
      ...{ env: programEnvironment, cwd: '/', ownSession: true },
    })
    holder.unref()
    const identity = identifyProcess(holder.pid)
    if (identity === undefined) {
      closeFile(word.write)
      return undefined
    }
    return {
      identity,
      stay: () => {
        try {
          writeDescriptorNow(word.write, Buffer.from('\n'))
        } catch (error) {
          // The pipe has no reader any more, because another process has killed the holder.
          if (!isSystemError(error, 'EPIPE')) throw error
        } finally {
          closeFile(word.write)
        }
      },
    }
  } catch (error) {
    closeFile(word.write)
    throw error
  } finally {
    for (const end of [waiting.read, waiting.write, word.read]) closeFile(end)
  }
}

/** Returns a duplicate of the descriptor of a holder; `undefined` if the holder is gone. */
export function takeHeld(holder: ProcessIdentity): number | undefined {
  return takeDescriptor(holder, heldNumber)
}
