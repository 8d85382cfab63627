import type { Diagnostic, Dockerfile } from '../ast.ts'
import { type CheckOptions, parseCheck } from '../directives.ts'
import type { LogicalLine } from '../lines.ts'
import { checkContinuations, checkKeywordCasing } from './file-rules.ts'
import { checkInstructions } from './instruction-rules.ts'
import { checkFromArguments, checkPlatforms, checkStageNames } from './stage-rules.ts'

/**
 * The build checks that need nothing but the file. `# check=skip=…` at the top
 * silences a rule everywhere; directly above an instruction only there, and
 * above FROM in the whole stage.
 */
export function lint(
  file: Omit<Dockerfile, 'diagnostics'>,
  lines: readonly LogicalLine[],
): Diagnostic[] {
  const whole = parseCheck(file.directives.check ?? '')
  if (whole.skipAll) {
    return []
  }
  const found = [
    ...checkContinuations(lines),
    ...checkKeywordCasing(file.stages),
    ...checkStageNames(file.stages),
    ...checkPlatforms(file.stages),
    ...checkFromArguments(file),
    ...checkInstructions(file),
  ]
  const { stages, instructions } = scopesOf(file, lines)
  return found.filter(({ rule, range: { start } }) =>
    [whole, scopeAt(stages, start.line), scopeAt(instructions, start.line)].every(
      (check) => check?.skipAll !== true && check?.skip.includes(rule) !== true,
    ),
  )
}

/** The lines a check comment holds for. */
interface Scope {
  readonly from: number
  readonly to: number
  readonly check: CheckOptions
}

/** Two lists, each in the order of the file and without overlap. */
function scopesOf(
  file: Pick<Dockerfile, 'stages'>,
  lines: readonly LogicalLine[],
): { stages: Scope[]; instructions: Scope[] } {
  const starts = file.stages.map(({ from }) => from.range.start.line)
  const next = new Map(starts.map((line, index) => [line, starts[index + 1] ?? Infinity]))
  const stages: Scope[] = []
  const instructions: Scope[] = []
  for (const { comments, range } of lines) {
    const comment = comments.findLast((text) => /^check\s*=/i.test(text))
    if (comment === undefined) {
      continue
    }
    const from = range.start.line
    const check = parseCheck(comment.slice(comment.indexOf('=') + 1))
    const stageEnd = next.get(from)
    if (stageEnd === undefined) {
      instructions.push({ from, to: range.end.line, check })
    } else {
      stages.push({ from, to: stageEnd - 1, check })
    }
  }
  return { stages, instructions }
}

function scopeAt(scopes: readonly Scope[], line: number): CheckOptions | undefined {
  let low = 0
  let high = scopes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((scopes[middle]?.from ?? Infinity) <= line) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  const scope = scopes[low - 1]
  return scope !== undefined && line <= scope.to ? scope.check : undefined
}
