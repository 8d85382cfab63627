import type { CheckOptions, CheckScope, Checks, Stage } from '../ast.ts'
import type { LogicalLine } from '../lines.ts'
import { Problem } from '../problem.ts'
import { parseCheck } from './check-options.ts'
import { isExperimental } from './rules.ts'

/**
 * True when a rule is checked at a line. Experimental rules must be enabled, and other
 * rules not skipped.
 */
export function isChecked(checks: Checks, rule: string, line: number): boolean {
  const { whole, stages, instructions } = checks
  const options = [whole, scopeAt(stages, line), scopeAt(instructions, line)]
  return isExperimental(rule)
    ? options.some((check) => check?.experimentalAll || check?.experimental.includes(rule))
    : !options.some((check) => check?.skipAll || check?.skip.includes(rule))
}

/**
 * Reads the check comments directly above instructions. A comment above FROM applies
 * to its stage. Text after the options and a blank is a remark. The line of the
 * check directive is not a check comment.
 */
export function findScopes(
  stages: readonly Stage[],
  lines: readonly LogicalLine[],
  directiveLine: number | undefined,
): Omit<Checks, 'whole'> {
  const starts = stages.map(({ from }) => from.range.start.line)
  const next = new Map(starts.map((line, index) => [line, starts[index + 1] ?? endOfFile]))
  const found: { stages: CheckScope[]; instructions: CheckScope[] } = {
    stages: [],
    instructions: [],
  }
  for (const { comments, range } of lines) {
    if (comments.length === 0) continue
    const from = range.start.line
    const hasDirective =
      directiveLine !== undefined && directiveLine >= from - comments.length && directiveLine < from
    const check = checkOf(comments, hasDirective ? 1 : 0)
    if (check === undefined) continue
    const stageEnd = next.get(from)
    if (stageEnd === undefined) found.instructions.push({ from, to: range.end.line, check })
    else found.stages.push({ from, to: stageEnd - 1, check })
  }
  return found
}

const endOfFile = Number.MAX_SAFE_INTEGER

function checkOf(comments: readonly string[], passedOver: number): CheckOptions | undefined {
  if (!comments.some((comment) => comment.includes('='))) return undefined
  const values = comments.flatMap((comment) => /^check\s*=\s*(\S+)/i.exec(comment)?.[1] ?? [])
  const value = values[passedOver]
  return value === undefined ? undefined : readQuietly(value)
}

/** Unlike in the directive, an unknown option makes it an ordinary comment. */
function readQuietly(value: string): CheckOptions | undefined {
  try {
    return parseCheck(value)
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

function scopeAt(scopes: readonly CheckScope[], line: number): CheckOptions | undefined {
  let low = 0
  let high = scopes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((scopes[middle]?.from ?? Infinity) <= line) low = middle + 1
    else high = middle
  }
  const scope = scopes[low - 1]
  return scope !== undefined && line <= scope.to ? scope.check : undefined
}
