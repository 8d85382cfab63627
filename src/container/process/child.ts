import {
  identifyProcess,
  isSystemError,
  type ProcessExit,
  type ProcessIdentity,
  reapChild,
  reapOrphans,
} from '#platform'

/** A process whose runtime has exited, so that it became a child of this process. */
export interface Orphan {
  readonly pid: number
  /** Absent if the process had already ended. */
  readonly identity: ProcessIdentity | undefined
  readonly exited: Promise<ProcessExit>
  signal(signal: NodeJS.Signals | number): void
}

export interface AdoptOptions {
  /** Reap all other orphans too. For a process that is only a monitor. */
  readonly collectsOthers: boolean
}

/** Waits for a process that became a child of this process when its runtime exited. */
export function adopt(pid: number, options: AdoptOptions): Orphan {
  let ended = false
  const exited = waitForChild(pid, options).finally(() => {
    ended = true
  })
  return {
    pid,
    identity: identifyProcess(pid),
    exited,
    signal(signal) {
      // Until the process is reaped, its number belongs to no other process.
      if (ended) return
      try {
        process.kill(pid, signal)
      } catch (error) {
        if (!isSystemError(error, 'ESRCH')) throw error
      }
    },
  }
}

/** Milliseconds between two checks of the process without a SIGCHLD, because a signal may be lost. */
const pollInterval = 5000
/** Orphans are looked for at every SIGCHLD, and at one of this many checks, because the search takes most of the time of a check. */
const checksForOrphans = 6
/** In milliseconds. crun reports a start while its own intermediary may still be the parent of the process. */
const adoptionPause = 2
const longestAdoption = 2000

function waitForChild(pid: number, { collectsOthers }: AdoptOptions): Promise<ProcessExit> {
  const { promise, resolve, reject } = Promise.withResolvers<ProcessExit>()
  const deadline = Date.now() + longestAdoption
  let checks = 0
  const look = ({ isCheck = false } = {}): void => {
    try {
      const exit = reapChild(pid)
      const looksForAll = !isCheck || checks++ % checksForOrphans === 0
      if (collectsOthers && looksForAll) reapOrphans([pid])
      if (exit !== undefined) settle(() => resolve(exit))
    } catch (error) {
      if (isSystemError(error, 'ECHILD') && Date.now() < deadline)
        setTimeout(onChild, adoptionPause)
      else settle(() => reject(error))
    }
  }
  const timer = setInterval(() => look({ isCheck: true }), pollInterval)
  const onChild = (): void => look()
  const settle = (finish: () => void): void => {
    clearInterval(timer)
    process.off('SIGCHLD', onChild)
    finish()
  }
  process.on('SIGCHLD', onChild)
  look()
  return promise
}
