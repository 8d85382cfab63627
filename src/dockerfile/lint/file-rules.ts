import type { Diagnostic, Stage } from '../ast.ts'
import type { LogicalLine } from '../lines.ts'
import { warning } from './rules.ts'

export function checkContinuations(lines: readonly LogicalLine[]): Diagnostic[] {
  return lines.flatMap(({ emptyContinuation }) =>
    emptyContinuation === undefined
      ? []
      : [warning('NoEmptyContinuation', 'Empty continuation line', emptyContinuation)],
  )
}

/** Keywords are to be all upper-case or all lower-case; the majority of the file decides. */
export function checkKeywordCasing(stages: readonly Stage[]): Diagnostic[] {
  const nodes = stages.flatMap((stage) => [stage.from, ...stage.instructions])
  const written = nodes.map((node) => ({ keyword: /^\S+/.exec(node.text)?.[0] ?? '', node }))
  const lower = written.filter(({ keyword }) => keyword === keyword.toLowerCase()).length
  const upper = written.filter(({ keyword }) => keyword === keyword.toUpperCase()).length
  const casing = lower > upper ? 'lowercase' : 'uppercase'
  return written
    .filter(({ keyword }) => {
      const right = lower > upper ? keyword.toLowerCase() : keyword.toUpperCase()
      return keyword !== right
    })
    .map(({ keyword, node }) =>
      warning(
        'ConsistentInstructionCasing',
        `Command '${keyword}' should match the case of the command majority (${casing})`,
        node.range,
      ),
    )
}
