const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1 / 1_000,
  n: 1 / 1_000_000,
}

/** The longest time that a timer of the runtime can wait, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/** Reads `grpc-timeout`, such as `15S`, in milliseconds. Another value is no deadline. */
export function parseTimeout(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text ?? '') ?? []
  if (digits === undefined) return undefined
  return Math.min(Number(digits) * (units[unit] ?? 1), longestTimer)
}

/** Writes a time in milliseconds as `grpc-timeout`, which has at most 8 digits. */
export function formatTimeout(milliseconds: number): string {
  const whole = Math.max(1, Math.ceil(milliseconds))
  return whole < 1e8 ? `${whole}m` : `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`
}
