const seconds: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
}

const bytes: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

/** Matches what `parseDuration` accepts. */
export const durationPattern: RegExp = /^(\d{1,9})(ms|s|m|h|d|w)$/

/** Matches what `parseSize` accepts. */
export const sizePattern: RegExp = /^(\d{1,15})(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/

/** Returns milliseconds, or `undefined` for another text than `30s` or `12h`. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text)
  return match === null ? undefined : Number(match[1]) * (seconds[match[2] ?? ''] ?? 0) * 1000
}

/** Returns bytes, or `undefined` for another text than `512MiB` or `1000`. */
export function parseSize(text: string): number | undefined {
  const match = sizePattern.exec(text)
  const value = match === null ? undefined : Number(match[1]) * (bytes[match[2] ?? ''] ?? 0)
  return Number.isSafeInteger(value) ? value : undefined
}
