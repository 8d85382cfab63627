import { directivePattern as directive } from '../directives.ts'
import { readTree } from '../syntax/read-tree.ts'
import type { SyntaxItem, SyntaxTree, TriviaItem } from '../syntax/tree.ts'
import { layoutStatement } from './layout-statement.ts'

/**
 * Returns the Dockerfile in the usual layout: keywords in uppercase, single blanks, continuation
 * lines indented, one empty line before a stage, and one line break at the end. Comments, heredoc
 * bodies, quoted text and commands keep their words. The result builds the same files; only the white
 * space of a command that spans several lines may differ. A second call changes nothing.
 */
export function layoutDockerfile(text: string): string {
  const tree = readTree(text)
  const lineBreak = /\r\n/.test(text.slice(0, text.indexOf('\n') + 1)) ? '\r\n' : '\n'
  const items = spaced(tree)
  const lines = items.flatMap((item) => {
    if (item.kind === 'statement') return layoutStatement(item, lineBreak)
    return [item.kind === 'blank' ? lineBreak : `${layoutComment(tree, item)}${lineBreak}`]
  })
  return tree.mark + lines.join('')
}

function layoutComment({ items }: SyntaxTree, item: TriviaItem): string {
  const comment = item.raw.trim()
  const found = isDirective(items, item) ? directive.exec(comment) : null
  if (found === null) return comment
  return `# ${(found[1] ?? '').toLowerCase()}=${found[2] ?? ''}`
}

/** Directives are at the top of the file, above all other lines but `#!`. */
function isDirective(items: readonly SyntaxItem[], item: TriviaItem): boolean {
  const above = items.slice(0, items.indexOf(item) + 1)
  return above.every(
    (each) =>
      each.kind === 'comment' &&
      (directive.test(each.raw.trim()) || (each.line === 1 && each.raw.startsWith('#!'))),
  )
}

/** Returns the items with at most one empty line between two, and one above each stage. */
function spaced({ items }: SyntaxTree): SyntaxItem[] {
  const out: SyntaxItem[] = []
  for (const item of items) {
    if (item.kind === 'blank') {
      // An empty line at the top keeps comments from becoming directives.
      const isNeeded = out.length > 0 || startsWithDirective(items)
      if (isNeeded && out.at(-1)?.kind !== 'blank') out.push(item)
      continue
    }
    if (item.kind === 'statement' && item.statement.keyword === 'FROM') separate(out)
    out.push(item)
  }
  while (out.at(-1)?.kind === 'blank') out.pop()
  return out
}

function startsWithDirective(items: readonly SyntaxItem[]): boolean {
  const first = items.find(({ kind }) => kind !== 'blank')
  return (
    first?.kind === 'comment' && (directive.test(first.raw.trim()) || first.raw.startsWith('#!'))
  )
}

/** Adds an empty line above the comments at the end, if an instruction is above them. */
function separate(out: SyntaxItem[]): void {
  const last = out.findLastIndex(({ kind }) => kind !== 'comment')
  const above = out[last]
  if (above?.kind === 'statement') out.splice(last + 1, 0, { kind: 'blank', line: 0, raw: '\n' })
}
