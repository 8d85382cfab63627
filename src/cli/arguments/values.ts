import { parseDuration } from '#dockerfile/duration'
import { StrakeError } from '#oci'
import { InvalidValue } from './command.ts'

/** Collects an option that may be given many times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value]
}

/** Like `collect`, and each value may be a list: `linux/amd64,linux/arm64`. */
export function collectList(
  value: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  return [...(previous ?? []), ...value.split(',')]
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
}

/** Reads `512m`, `2g`, `1.5G`, `1048576` as bytes. Units are binary, as in Docker. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text)
  const factor = units[(match?.[2] ?? '').toLowerCase()]
  const bytes = Math.floor(Number(match?.[1]) * (factor ?? Number.NaN))
  if (!Number.isSafeInteger(bytes)) throw new InvalidValue('expected a size such as 512m or 2g')
  return bytes
}

/** A number with optional decimals; 0 means no limit, as in Docker. */
export function parsePositive(text: string): number {
  if (!/^\d*\.?\d+$/.test(text)) throw new InvalidValue('expected a number, 0 or above')
  return Number(text)
}

export function parseWhole(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new InvalidValue('expected a whole number')
  return value
}

/** Reads a port to listen on; 0 means any free one. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidValue('expected a port from 0 to 65535')
  return port
}

/** Reads a duration such as `90s` or `5m` in milliseconds. */
export function parseTime(text: string): number {
  const nanoseconds = parseDuration(text)
  if (nanoseconds !== undefined && nanoseconds > 0) return nanoseconds / 1e6
  throw new InvalidValue('expected a duration such as 90s or 5m')
}

/** Reads `key=value` pairs. A bare `key` gets its value from `environment` and is dropped if it is absent there. */
export function parseAssignments(
  words: readonly string[] | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const result = new Map<string, string>()
  for (const word of words ?? []) {
    const at = word.indexOf('=')
    const key = at < 0 ? word : word.slice(0, at)
    const value = at < 0 ? environment[key] : word.slice(at + 1)
    if (key === '')
      throw new StrakeError('INVALID', `Cannot use '${word}': it has no name before =`)
    if (value !== undefined) result.set(key, value)
  }
  return result
}
