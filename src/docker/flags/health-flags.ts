import type { ContainerOptions } from '#container'
import { parseDuration } from '#dockerfile/duration'
import { StrakeError } from '#oci'
import { refuse } from './refuse.ts'

/** The flags `--health-*` and `--no-healthcheck` as texts, before they are parsed. */
export interface HealthFlags {
  readonly command?: string | undefined
  readonly interval?: string | undefined
  readonly timeout?: string | undefined
  readonly startPeriod?: string | undefined
  readonly startInterval?: string | undefined
  readonly retries?: number | undefined
  /** `--no-healthcheck`. */
  readonly none?: boolean | undefined
}

/** Returns the changes to the image's health check; `undefined` when no flag was given. */
export function parseHealth(flags: HealthFlags): ContainerOptions['health'] {
  const { none, command, retries } = flags
  const given = {
    ...(command === undefined ? {} : { Test: ['CMD-SHELL', command] }),
    ...duration('Interval', '--health-interval', flags.interval),
    ...duration('Timeout', '--health-timeout', flags.timeout),
    ...duration('StartPeriod', '--health-start-period', flags.startPeriod),
    ...duration('StartInterval', '--health-start-interval', flags.startInterval),
    ...(retries === undefined ? {} : { Retries: retries }),
  }
  const isGiven = Object.keys(given).length > 0
  if (!none) return isGiven ? given : undefined
  if (!isGiven) return { Test: ['NONE'] }
  throw new StrakeError('INVALID', 'Cannot use --no-healthcheck: it excludes --health-* options')
}

/** Returns nanoseconds under the name that an image config uses. */
function duration(
  key: string,
  flag: string,
  text: string | undefined,
): Readonly<Record<string, number>> {
  if (text === undefined) return {}
  const value = parseDuration(text)
  if (value === undefined) throw refuse(flag, text, 'expected a duration such as 30s or 1m30s')
  return { [key]: value }
}
