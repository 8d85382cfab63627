import type { ArgInstruction, Dockerfile, FromInstruction, Instruction, Stage } from '../ast.ts'
import { type ParseOptions, parseStatements } from '../parse.ts'
import type { Statement } from '../statements.ts'
import { readTree } from '../syntax/read-tree.ts'
import type { StatementItem, SyntaxTree } from '../syntax/tree.ts'

/** A Dockerfile as text, as a tree with every character, and as instructions. */
export interface Analysis {
  readonly text: string
  readonly tree: SyntaxTree
  readonly file: Dockerfile
  readonly parts: readonly AnalysisPart[]
}

/** One instruction, its text, and its stage. */
export interface AnalysisPart {
  readonly item: StatementItem
  /** Absent for an instruction with an error. */
  readonly node: Instruction | FromInstruction | undefined
  /** Absent before the first FROM. */
  readonly stage: Stage | undefined
}

export function analyze(text: string, options: ParseOptions = {}): Analysis {
  const tree = readTree(text)
  const file = parseStatements(text, statementsOf(tree), options)
  const nodes = new Map<number, Instruction | FromInstruction | ArgInstruction>()
  const stages = new Map<number, Stage>()
  for (const arg of file.args) nodes.set(arg.range.start.line, arg)
  for (const stage of file.stages) {
    stages.set(stage.from.range.start.line, stage)
    nodes.set(stage.from.range.start.line, stage.from)
    for (const node of stage.instructions) nodes.set(node.range.start.line, node)
  }
  let stage: Stage | undefined
  const parts = tree.items.flatMap((item): AnalysisPart[] => {
    if (item.kind !== 'statement') return []
    stage = stages.get(item.line) ?? stage
    return [{ item, node: nodes.get(item.line), stage }]
  })
  return { text, tree, file, parts }
}

function* statementsOf({ items }: SyntaxTree): Generator<Statement> {
  for (const item of items) if (item.kind === 'statement') yield item.statement
}

/** Returns the instruction that a line belongs to. */
export function partAt({ parts }: Analysis, line: number): AnalysisPart | undefined {
  return parts.find(({ item }) => item.line <= line && line < item.line + item.lines.length)
}
