const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/**
 * Reads a duration of Go (`1h30m`, `1.5s`, `-10ms`, `0`) in nanoseconds. Returns
 * undefined for any other text, and for a duration that does not fit in 64 bits.
 */
export function parseDuration(text: string): number | undefined {
  const signed = /^[+-]?/.exec(text)?.[0] ?? ''
  let rest = text.slice(signed.length)
  if (rest === '0') {
    return 0
  }
  let total = 0
  while (rest !== '') {
    const part = /^(\d{0,32})(?:\.(\d{0,32}))?([a-zµμ]{1,2})/.exec(rest)
    const unit = units[part?.[3] ?? '']
    if (part === null || unit === undefined || `${part[1]}${part[2] ?? ''}` === '') {
      return undefined
    }
    total += Number(part[1]) * unit + Number(`0.${part[2] ?? ''}`) * unit
    rest = rest.slice(part[0].length)
  }
  if (text === signed || total > 2 ** 63) {
    return undefined
  }
  return Math.round(signed === '-' ? -total : total)
}

/** Formats a duration in nanoseconds as Go does: `1h30m0s`, `1.5s`, `250ms`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds < 0) {
    return `-${formatDuration(-nanoseconds)}`
  }
  if (nanoseconds === 0) {
    return '0s'
  }
  for (const unit of ['ns', 'µs', 'ms']) {
    const size = units[unit] ?? 1
    if (nanoseconds < size * 1000) {
      return `${nanoseconds / size}${unit}`
    }
  }
  const hours = Math.floor(nanoseconds / 3600e9)
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9)
  const seconds = `${Math.round(nanoseconds % 60e9) / 1e9}s`
  return `${hours > 0 ? `${hours}h` : ''}${hours + minutes > 0 ? `${minutes}m` : ''}${seconds}`
}
