import type { Diagnostic } from '../ast.ts'

/** The diagnostics of one file. */
export interface FileReport {
  /** A path relative to the working directory, or `-` for standard input. */
  readonly name: string
  readonly text: string
  readonly diagnostics: readonly Diagnostic[]
}

/** One diagnostic for programs. Lines and columns are one-based, and the end is exclusive. */
export interface FlatDiagnostic {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly severity: Diagnostic['severity']
  readonly rule: string
  readonly message: string
  readonly url?: string | undefined
}
