import type { RestartPolicy } from '../model/options.ts'

/** How the last run of a container ended. */
export interface Ending {
  readonly code: number
  /** Milliseconds that the run lasted. */
  readonly ran: number
  /** A user asked the container to stop. */
  readonly stopRequested: boolean
  /** How often the container was restarted. */
  readonly restarts: number
}

export function shouldRestart(policy: RestartPolicy, ending: Ending): boolean {
  if (ending.stopRequested) return false
  switch (policy.name) {
    case 'no':
      return false
    case 'on-failure':
      return (
        ending.code !== 0 &&
        (policy.maximumRetryCount === 0 || ending.restarts < policy.maximumRetryCount)
      )
    case 'always':
    case 'unless-stopped':
      return true
  }
}

const firstDelay = 100
const longestDelay = 60_000
/** Milliseconds after which a run counts as a successful start. */
const settled = 10_000

/**
 * Milliseconds to wait before the next start: from 100, doubled each time, reset by a
 * run of 10 seconds.
 */
export function nextDelay(previous: number | undefined, ran: number): number {
  if (previous === undefined || ran >= settled) return firstDelay
  return Math.min(previous * 2, longestDelay)
}
