import { formatDuration } from '#dockerfile'
import type { Healthcheck } from '#oci'

/** The comment that BuildKit writes beside every history line. */
export const historyComment = 'buildkit.dockerfile.v0'

/** Ends the lines of instructions that may make a layer. */
export const layerSuffix = ' # buildkit'

/** A list as Go prints it with `%q`: `["a" "b"]`. */
export function quotedList(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(' ')}]`
}

/** A list as Go prints it with `%v`: `[a b]`. */
export function plainList(words: readonly string[]): string {
  return `[${words.join(' ')}]`
}

/** The words of a RUN, preceded by the build arguments in force: `|1 A=b /bin/sh -c make`. */
export function runCommandText(argv: readonly string[], assigned: readonly string[]): string {
  const prefix = assigned.length > 0 ? [`|${assigned.length}`, ...assigned] : []
  return [...prefix, ...argv].join(' ')
}

/** Formats a health check as Go prints the struct with `%+v`. */
export function healthcheckText(check: Healthcheck): string {
  const duration = (value: number | undefined): string => formatDuration(value ?? 0)
  const members = [
    `Test:${plainList(check.Test ?? [])}`,
    `Interval:${duration(check.Interval)}`,
    `Timeout:${duration(check.Timeout)}`,
    `StartPeriod:${duration(check.StartPeriod)}`,
    `StartInterval:${duration(check.StartInterval)}`,
    `Retries:${check.Retries ?? 0}`,
  ]
  return `{${members.join(' ')}}`
}
