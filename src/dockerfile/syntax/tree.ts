import type { Directives } from '../ast.ts'
import type { Statement } from '../statements.ts'

/** A Dockerfile with every character: comments, empty lines, white space and line breaks. */
export interface SyntaxTree {
  /** A byte order mark, or nothing. */
  readonly mark: string
  readonly directives: Directives
  /** In the order of the file. They have all of its lines. */
  readonly items: readonly SyntaxItem[]
}

export type SyntaxItem = TriviaItem | StatementItem

/** A comment or an empty line between instructions. Parser directives are comments, too. */
export interface TriviaItem {
  readonly kind: 'comment' | 'blank'
  /** One-based. */
  readonly line: number
  /** The line as written, with its line break. */
  readonly raw: string
}

export interface StatementItem {
  readonly kind: 'statement'
  /** The number of its first line, one-based. */
  readonly line: number
  readonly statement: Statement
  readonly lines: readonly StatementLine[]
}

/** A line of an instruction. `heredoc` is a line of a body or its delimiter. */
export interface StatementLine {
  readonly role: 'text' | 'comment' | 'blank' | 'heredoc'
  /** The line as written, with its line break. */
  readonly raw: string
}
