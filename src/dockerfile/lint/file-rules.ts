import type { Diagnostic, Dockerfile, Stage } from '../ast.ts'
import type { LogicalLine } from '../lines.ts'
import { warning } from './rules.ts'

export function checkContinuations(lines: readonly LogicalLine[]): Diagnostic[] {
  return lines.flatMap(({ emptyContinuation }) =>
    emptyContinuation === undefined
      ? []
      : [warning('NoEmptyContinuation', 'Empty continuation line', emptyContinuation)],
  )
}

/**
 * The last comment above ARG, or above FROM with a name, must start with the name that it
 * describes.
 */
export function checkDescriptions(
  { args, stages }: Pick<Dockerfile, 'args' | 'stages'>,
  lines: readonly LogicalLine[],
): Diagnostic[] {
  const comments = new Map(lines.map((line) => [line.range.start.line, line.comments]))
  const nodes = [...args, ...stages.flatMap(({ from, instructions }) => [from, ...instructions])]
  return nodes.flatMap((node) => {
    const names = namesOf(node)
    const [first] = names
    const comment = comments.get(node.range.start.line)?.at(-1)
    if (first === undefined || comment === undefined) return []
    if (names.includes(comment.split(' ', 1)[0] ?? '')) return []
    const example = names.length > 1 ? '<arg_key>' : first
    const message = `Comment for ${node.kind} should follow the format: \`# ${example} <description>\``
    return [warning('InvalidDefinitionDescription', message, node.range)]
  })
}

function namesOf(node: Stage['from'] | Stage['instructions'][number]): readonly string[] {
  if (node.kind === 'ARG') return node.args.map(({ key }) => key)
  return node.kind === 'FROM' && node.name !== undefined ? [node.name] : []
}

/** Keywords must be all upper-case or all lower-case, like most keywords of the file. */
export function checkKeywordCasing(stages: readonly Stage[]): Diagnostic[] {
  const nodes = stages.flatMap((stage) => [stage.from, ...stage.instructions])
  if (nodes.every(({ kind, text }) => text.startsWith(kind))) return []
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
