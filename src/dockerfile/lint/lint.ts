import type { Checks, Diagnostic, Dockerfile } from '../ast.ts'
import type { LogicalLine } from '../lines.ts'
import { isChecked } from './checks.ts'
import { checkContinuations, checkDescriptions, checkKeywordCasing } from './file-rules.ts'
import { checkInstructions } from './instruction-rules.ts'
import { checkFromArguments, checkPlatforms, checkStageNames } from './stage-rules.ts'

/** The build checks that need only the file. */
export function lint(
  file: Pick<Dockerfile, 'args' | 'stages'>,
  lines: readonly LogicalLine[],
  checks: Checks,
): Diagnostic[] {
  const found = [
    ...checkContinuations(lines),
    ...(hasExperiments(checks) ? checkDescriptions(file, lines) : []),
    ...checkKeywordCasing(file.stages),
    ...checkStageNames(file.stages),
    ...checkPlatforms(file.stages),
    ...checkFromArguments(file),
    ...checkInstructions(file),
  ]
  return found.filter(({ rule, range: { start } }) => isChecked(checks, rule, start.line))
}

function hasExperiments({ whole, stages, instructions }: Checks): boolean {
  const all = [
    whole,
    ...stages.map(({ check }) => check),
    ...instructions.map(({ check }) => check),
  ]
  return all.some((check) => check.experimentalAll || check.experimental.length > 0)
}
