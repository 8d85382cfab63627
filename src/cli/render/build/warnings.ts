import type { ProgressEvent } from '#stream'
import { printable } from '../text.ts'

type Warning = Extract<ProgressEvent, { type: 'warning' }>

/** One line as BuildKit prints it: `UndefinedVar: Usage of undefined variable '$A' (line 8)`. */
export function describeWarning({ message, rule, place }: Warning): string {
  const text = rule === undefined ? message : `${rule}: ${message}`
  return printable(place === undefined ? text : `${text} (line ${place.line})`)
}

/** All warnings of a build, with the lines of the Dockerfile that they mean; empty without one. */
export function listWarnings(warnings: readonly Warning[]): string {
  if (warnings.length === 0) return ''
  const title = warnings.length === 1 ? ' 1 warning found:' : ` ${warnings.length} warnings found:`
  const items = warnings.flatMap((warning) => {
    const { place } = warning
    const item = ` - ${describeWarning(warning)}`
    if (place === undefined) return [item]
    return [item, `   ${String(place.line).padStart(4)} | ${printable(place.text)}`]
  })
  return ['', title, ...items, ''].join('\n')
}
