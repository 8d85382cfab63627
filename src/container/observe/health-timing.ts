import type { Healthcheck } from '#oci'

const second = 1_000_000_000
const nanosecondsPerMillisecond = 1_000_000
/** Milliseconds; Docker's minimum. */
export const shortest = 1

export interface Timing {
  /** Milliseconds. */
  readonly interval: number
  readonly timeout: number
  readonly startPeriod: number
  readonly startInterval: number
  readonly retries: number
}

/**
 * Raises values of an image that are too small. The options of a user were checked when
 * the container was created.
 */
export function timingOf(health: Healthcheck): Timing {
  const milliseconds = (value: number | undefined, fallback: number): number =>
    Math.max((value || fallback * second) / nanosecondsPerMillisecond, shortest)
  const { Interval, Timeout, StartPeriod = 0, StartInterval, Retries = 0 } = health
  return {
    interval: milliseconds(Interval, 30),
    timeout: milliseconds(Timeout, 30),
    startPeriod: Math.max(StartPeriod / nanosecondsPerMillisecond, 0),
    startInterval: milliseconds(StartInterval, 5),
    retries: Retries > 0 ? Retries : 3,
  }
}

/**
 * Milliseconds until the next probe. While a container starts, the start interval
 * is used, but the next probe comes at the end of the start period at the latest.
 */
export function nextWait(
  timing: Timing,
  state: { readonly Status: string },
  elapsed: number,
): number {
  const rest = timing.startPeriod - elapsed
  if (rest <= 0 || state.Status !== 'starting') return timing.interval
  return Math.min(timing.startInterval, Math.max(rest, shortest))
}
