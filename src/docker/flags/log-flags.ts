import type { LogsOptions } from '#engine/container/container'
import { StrakeError } from '#oci'
import { parseTime } from './time.ts'

/** The flags of `logs` as texts, before they are parsed. */
export interface LogFlags {
  readonly follow?: boolean | undefined
  /** A number of lines, or `all`. */
  readonly tail?: string | undefined
  /** RFC 3339, seconds since 1970, or an age such as `10m`. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** Throws `INVALID` for an invalid time or number. */
export function parseLogFlags({ follow, tail, since, until }: LogFlags): LogsOptions {
  return {
    follow,
    tail: tail === undefined ? undefined : parseTail(tail),
    since: since === undefined ? undefined : parseTime('--since', since),
    until: until === undefined ? undefined : parseTime('--until', until),
  }
}

function parseTail(text: string): number | undefined {
  if (text === 'all') return undefined
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new StrakeError('INVALID', `Cannot use --tail ${text}: expected a number of lines, or all`)
}
