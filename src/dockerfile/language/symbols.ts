import type { Position, Range } from '../ast.ts'
import { rangeIn } from '../lines.ts'
import type { Analysis, AnalysisPart } from '../scope/analysis.ts'

/** An entry of the outline that an editor shows. */
export interface DocumentSymbol {
  readonly name: string
  readonly detail: string
  readonly kind: 'stage' | 'variable' | 'instruction'
  readonly range: Range
  /** The range of its name or keyword. */
  readonly selection: Range
  readonly children: readonly DocumentSymbol[]
}

/** Lists global arguments and stages, and the instructions of each stage. */
export function documentSymbols({ parts }: Analysis): DocumentSymbol[] {
  const top: (DocumentSymbol & { children: DocumentSymbol[]; range: Range })[] = []
  let stage: (DocumentSymbol & { children: DocumentSymbol[]; range: Range }) | undefined
  for (const part of parts) {
    const { item, node } = part
    const { statement } = item
    const range = statement.range
    const selection = rangeIn(statement.line.pieces, 0, statement.written.length)
    const entry = { ...describe(part), range, selection, children: [] }
    if (node?.kind === 'FROM') {
      stage = entry
      top.push(stage)
    } else if (stage === undefined) top.push(entry)
    else {
      stage.children.push(entry)
      stage.range = { start: stage.range.start, end: later(stage.range.end, range.end) }
    }
  }
  return top
}

function describe({ node, item }: AnalysisPart): Pick<DocumentSymbol, 'name' | 'detail' | 'kind'> {
  if (node?.kind === 'FROM') {
    return { name: node.name ?? node.image, detail: node.text.slice(0, 200), kind: 'stage' }
  }
  const { statement } = item
  const rest = statement.text.slice(statement.restAt, statement.restAt + 100)
  const isVariable = node?.kind === 'ARG' || node?.kind === 'ENV'
  // Editors show no entry without a name.
  const name = `${statement.keyword.slice(0, 64)} ${rest}`.trim()
  return { name, detail: '', kind: isVariable ? 'variable' : 'instruction' }
}

function later(a: Position, b: Position): Position {
  return b.line > a.line || (b.line === a.line && b.column > a.column) ? b : a
}
