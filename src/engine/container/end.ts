import type { ExecEnd, RunEnd } from '#container'

/** How a session with a container ended. */
export interface ContainerEnd {
  /** The exit code of the process; 0 if it still runs. */
  readonly code: number
  /** The user typed the detach keys. */
  readonly detached: boolean
}

/** Converts the end of a session. */
export function describeEnd(end: RunEnd | ExecEnd): ContainerEnd {
  return end.type === 'detached' ? { code: 0, detached: true } : { code: end.code, detached: false }
}
