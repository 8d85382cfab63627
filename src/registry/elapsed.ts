/**
 * Returns the milliseconds since `at`. A time that is still to come means that the clock was set
 * back; then as much time as ever has passed, so that nothing is believed until the clock catches up.
 */
export function elapsed(now: number, at: number): number {
  return now < at ? Number.POSITIVE_INFINITY : now - at
}
