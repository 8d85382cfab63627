import { readSmallFile } from '../call/posix.ts'
import { bootId } from './host.ts'

/**
 * Names one process uniquely. A pid alone may belong to another process after a
 * reboot, or after the kernel has used all numbers once.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot, from `/proc/<pid>/stat`. */
  readonly startTime: string
  readonly bootId: string
}

/** Reads an identity of JSON; `undefined` for anything else. */
export function toIdentity(
  found: Partial<Record<keyof ProcessIdentity, unknown>> | undefined,
): ProcessIdentity | undefined {
  const { pid, startTime, bootId } = found ?? {}
  if (typeof pid !== 'number' || typeof startTime !== 'string' || typeof bootId !== 'string') {
    return undefined
  }
  return { pid, startTime, bootId }
}

/** Returns the identity of a living process (not a zombie), or `undefined`. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = readProcess(pid)
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined
  return { pid, startTime: stat.startTime, bootId: bootId() }
}

/** Returns true while exactly this process lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid)
  return now?.startTime === identity.startTime && now.bootId === identity.bootId
}

/**
 * Returns the status, as `wait(2)` does, of a process that has ended and whose parent has not reaped
 * it; `undefined` for another one.
 */
export function unreapedStatus({ pid, startTime }: ProcessIdentity): number | undefined {
  const stat = readProcess(pid)
  return stat?.state === 'Z' && stat.startTime === startTime ? stat.exitCode : undefined
}

let self: ProcessIdentity | undefined

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  self ??= identifyProcess(process.pid)
  if (self === undefined) throw new Error('Cannot identify this process: /proc is not mounted')
  return self
}

/** Sends a signal if exactly this process still lives. Returns whether it did. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals | number): boolean {
  if (!isAlive(identity)) return false
  try {
    process.kill(identity.pid, signal)
    return true
  } catch {
    return false
  }
}

interface ProcessStat {
  readonly state: string
  readonly startTime: string
  readonly exitCode: number
}

function readProcess(pid: number): ProcessStat | undefined {
  const text = readSmallFile(`/proc/${pid}/stat`) ?? ''
  // The command name is in parentheses and may contain blanks and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, startTime, exitCode] = [fields[0], fields[19], fields[49]]
  if (state === undefined || startTime === undefined) return undefined
  return { state, startTime, exitCode: Number(exitCode) }
}
