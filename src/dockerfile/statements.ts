import type { Heredoc, Range } from './ast.ts'
import { findHeredocs, type HeredocMarker, readHeredoc } from './heredoc.ts'
import { type Head, type Source, splitHead } from './instructions/source.ts'
import type { LineReader, LogicalLine } from './lines.ts'
import { Problem } from './problem.ts'

/** An instruction of a file, split into keyword, flags and rest, but not yet understood. */
export interface Statement extends Source, Head {
  readonly line: LogicalLine
  /** The reason why the bodies of the heredocs could not be read. */
  readonly problem?: Problem | undefined
}

/** Reads instructions with their heredoc bodies, which follow them in the file. */
export function* readStatements(reader: LineReader, escapeChar: '\\' | '`'): Generator<Statement> {
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    const head = splitHead(line.text)
    const shellText = heredocText(head)
    const markers = shellText?.includes('<<') ? findHeredocs(shellText) : []
    const { heredocs, problem } = readBodies(markers, reader)
    const { text, comments } = line
    const range = upToHere(line.range, reader)
    yield { ...head, line, text, range, heredocs, markers, comments, escape: escapeChar, problem }
  }
}

function readBodies(
  markers: readonly HeredocMarker[],
  reader: LineReader,
): { readonly heredocs: readonly Heredoc[]; readonly problem?: Problem } {
  try {
    return { heredocs: markers.map((marker) => readHeredoc(marker, reader)) }
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem
    return { heredocs: [], problem }
  }
}

/** Extends `range` to the end of the heredoc bodies. */
function upToHere(range: Range, reader: LineReader): Range {
  return reader.line <= range.end.line ? range : { start: range.start, end: reader.end }
}

/**
 * Returns the text that may have heredocs: that of RUN, COPY, ADD, and ONBUILD of those,
 * in shell form.
 */
function heredocText(head: Head): string | undefined {
  const inner = head.keyword === 'ONBUILD' ? splitHead(head.rest) : head
  if (inner.keyword !== 'RUN' && inner.keyword !== 'COPY' && inner.keyword !== 'ADD') {
    return undefined
  }
  return isJsonArray(inner.rest) ? undefined : inner.rest
}

function isJsonArray(text: string): boolean {
  if (!text.startsWith('[')) {
    return false
  }
  try {
    return Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}
