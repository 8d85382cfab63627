import type { Diagnostic, Range } from './ast.ts'
import { ruleUrl } from './lint/rules.ts'

const rule = '-'.repeat(20)
const context = 2
const maxShownLines = 30
const maxColumns = 200

/**
 * Formats diagnostics as BuildKit does: the place, the lines of the file with `>>>`
 * before the wrong ones, and the message. An empty line separates two diagnostics.
 * Control characters are escaped.
 */
export function formatDiagnostics(
  text: string,
  diagnostics: readonly Diagnostic[],
  fileName: string,
): string {
  const lines = text.split('\n')
  return diagnostics
    .map((diagnostic) => `${excerpt(lines, diagnostic.range, fileName)}${explain(diagnostic)}\n`)
    .join('\n')
}

/** Returns the name and line of the file, and the lines of `range` with `>>>` before them. */
export function formatExcerpt(text: string, range: Range, fileName: string): string {
  return excerpt(text.split('\n'), range, fileName)
}

/**
 * Replaces user names and passwords in the URLs of a text. The length of a scheme is bounded, so that
 * the time grows with the length of the text alone.
 */
export function withoutPasswords(text: string, replacement = ''): string {
  return text.replace(/(\b[a-z][a-z+.-]{0,20}:\/\/)[^/\s"']*@/gi, `$1${replacement}`)
}

function explain({ severity, rule: name, message }: Diagnostic): string {
  const url = ruleUrl(name)
  if (severity === 'error') {
    return `ERROR: ${visible(message)}`
  }
  return `WARNING: ${name}: ${visible(message)}${url === undefined ? '' : ` (${url})`}`
}

/** Returns `fileName:line`, the source lines of `range`, and two lines before and after them. */
function excerpt(lines: readonly string[], range: Range, fileName: string): string {
  const count = lines.at(-1) === '' ? lines.length - 1 : lines.length
  const { start, end } = range
  const first = Math.max(1, start.line - context)
  const last = Math.min(count, end.line + context)
  const out: string[] = []
  for (let line = first; line <= last; line++) {
    const hidden = end.line - start.line + 1 - maxShownLines
    if (line === start.line + maxShownLines - context && hidden > 0) {
      out.push(` ... | >>> (${hidden} more lines)`)
      line += hidden
    }
    const marker = line >= start.line && line <= end.line ? '>>> ' : '    '
    const source = withoutPasswords(lines[line - 1] ?? '', 'xxxxx@')
    const cut = source.length > maxColumns ? `${source.slice(0, maxColumns)}…` : source
    out.push(` ${String(line).padStart(3)} | ${marker}${visible(cut)}`.trimEnd())
  }
  const place = `${visible(fileName)}:${start.line}\n`
  return out.length === 0 ? place : `${place}${[rule, ...out, rule].join('\n')}\n`
}

/** Returns `text` without its line break. Control characters other than tab become `\x1b`. */
function visible(text: string): string {
  return text
    .replace(/\r$/, '')
    .replace(
      /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
      (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
}
