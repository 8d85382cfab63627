import { StrakeError } from '#oci'

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/**
 * Reads a point in time in one of Docker's forms: RFC 3339, seconds since 1970, or
 * an age such as `1h30m`. Throws `INVALID`, which names the flag, also for a time that is too far
 * away to be compared.
 */
export function parseTime(flag: string, text: string, now: number = Date.now()): Date {
  const instant = new Date(instantOf(text, now))
  if (!Number.isNaN(instant.getTime())) return instant
  throw new StrakeError(
    'INVALID',
    `Cannot use ${flag} ${text}: expected a time (RFC 3339), seconds since 1970, or an age such as 10m`,
  )
}

/** Milliseconds since 1970; NaN for other texts. */
function instantOf(text: string, now: number): number {
  const age = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)]
  if (age.length > 0 && age.map(([part]) => part).join('') === text) {
    const seconds = age.reduce(
      (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0),
      0,
    )
    return now - seconds * 1000
  }
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
}
