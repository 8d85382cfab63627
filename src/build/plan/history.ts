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

/** A set as Go prints it with `%v`: `map[443/tcp:{} 80/tcp:{}]`. */
export function plainSet(keys: readonly string[]): string {
  return `map[${[...keys]
    .sort()
    .map((key) => `${key}:{}`)
    .join(' ')}]`
}

/** The words of a RUN, preceded by the build arguments in force: `|1 A=b /bin/sh -c make`. */
export function runCommandText(
  argv: readonly string[],
  {
    args,
    scope,
  }: { readonly args: ReadonlySet<string>; readonly scope: ReadonlyMap<string, string> },
): string {
  const assigned = [...args].map((name) => `${name}=${scope.get(name) ?? ''}`)
  const prefix = assigned.length > 0 ? [`|${assigned.length}`, ...assigned] : []
  return [...prefix, ...argv].join(' ')
}

/** Formats a health check as Go prints a pointer to it with `%q`. */
export function healthcheckText(check: Healthcheck): string {
  const durations = [check.Interval, check.Timeout, check.StartPeriod, check.StartInterval]
  const printed = durations.map((each) => JSON.stringify(formatDuration(each ?? 0))).join(' ')
  return `&{${quotedList(check.Test ?? [])} ${printed} ${quotedRune(check.Retries ?? 0)}}`
}

function quotedRune(code: number): string {
  const named: Readonly<Record<number, string>> = {
    7: 'a',
    8: 'b',
    9: 't',
    10: 'n',
    11: 'v',
    12: 'f',
    13: 'r',
  }
  const name = named[code]
  if (name !== undefined) return `'\\${name}'`
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`
  const char = String.fromCodePoint(Math.min(code, 0x10ffff))
  return char === "'" || char === '\\' ? `'\\${char}'` : `'${char}'`
}
