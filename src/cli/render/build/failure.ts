import { printable } from '../text.ts'

/** The end of the output of a failed step, as BuildKit shows it. The lines are printable. */
export function describeFailure(name: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  const rule = '------'
  return `${[rule, ` > ${printable(name)}:`, ...lines, rule].join('\n')}\n`
}
