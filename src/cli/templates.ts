import {
  type DocumentFormat,
  formatDocument,
  parseDocumentFormat,
  type TemplateUse,
} from '#docker/formats/documents'
import { FormatError } from '#docker/formats/format-error'
import { formatRowSets, formatRows, type RowSet } from '#docker/formats/rows'
import type { Output } from './render/output.ts'
import { alignTabs } from './render/tabs.ts'
import { printableText } from './render/text.ts'

/**
 * Printing by Go templates. Commands import this file only when a template is given,
 * because it loads much that no other start needs.
 */

/** Prints rows by a template. Throws `FormatError`. */
export function printRows(output: Output, rows: RowSet, format: string): void {
  const { text, isTable } = formatRows(rows, format, shownOn(output))
  output.write(isTable ? alignTabs(text) : text)
}

/** Prints several lists by one template, in which each has its name, and no line break. Throws `FormatError`. */
export function printRowSets(
  output: Output,
  sets: Readonly<Record<string, RowSet>>,
  format: string,
): void {
  output.write(formatRowSets(sets, format, shownOn(output)))
}

/** Reads a template for documents. Throws `FormatError`. */
export function openDocumentFormat(
  output: Output,
  format: string,
  options: TemplateUse = {},
): DocumentFormat {
  return parseDocumentFormat(format, { ...options, show: shownOn(output) })
}

/** Returns a function that prints a document by a template. Throws `FormatError`. */
export function openTemplateWriter(
  output: Output,
  format: string,
  options: TemplateUse,
): (document: object) => void {
  const parsed = openDocumentFormat(output, format, options)
  return (document) => {
    try {
      output.write(`${formatDocument(parsed, document)}\n`)
    } catch (error) {
      // As in Docker, the output of the template before its failure is printed too.
      if (error instanceof FormatError) output.write(`${error.written}\n`)
      throw error
    }
  }
}

/** Escapes control characters for a terminal, which would obey them. Programs get every value unchanged. */
function shownOn(output: Output): DocumentFormat['show'] {
  return output.isTerminal ? printableText : undefined
}
