import { formatDiagnostics } from '../format.ts'
import { ruleUrl } from '../lint/rules.ts'
import type { FileReport, FlatDiagnostic } from './report.ts'

/** Returns the diagnostics as people read them, with excerpts, and a line that counts them. */
export function formatText(reports: readonly FileReport[]): string {
  const parts = reports
    .filter(({ diagnostics }) => diagnostics.length > 0)
    .map(({ text, diagnostics, name }) => formatDiagnostics(text, diagnostics, name))
  const all = reports.flatMap(({ diagnostics }) => diagnostics)
  const errors = all.filter(({ severity }) => severity === 'error').length
  const files = reports.length === 1 ? '' : ` in ${reports.length} files`
  const summary =
    all.length === 0
      ? `no problems found${files}\n`
      : `${count(errors, 'error')} and ${count(all.length - errors, 'warning')}${files}\n`
  return [...parts, summary].join('\n')
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** Returns a JSON array of all diagnostics. */
export function formatJson(reports: readonly FileReport[]): string {
  return `${JSON.stringify(reports.flatMap(flatten), undefined, 2)}\n`
}

/** Returns workflow commands of GitHub Actions, which annotate the lines of a change. */
export function formatGithub(reports: readonly FileReport[]): string {
  return reports
    .flatMap(flatten)
    .map(({ severity, file, line, column, endLine, endColumn, rule, message }) => {
      const places = { file, line, col: column, endLine, endColumn, title: rule }
      const properties = Object.entries(places).map(
        ([key, value]) => `${key}=${escapeProperty(value)}`,
      )
      return `::${severity} ${properties.join(',')}::${escapeData(message)}\n`
    })
    .join('')
}

export function flatten({ name, diagnostics }: FileReport): FlatDiagnostic[] {
  return diagnostics.map(({ range: { start, end }, severity, rule, message }) => ({
    file: name,
    line: start.line,
    column: start.column + 1,
    endLine: end.line,
    endColumn: end.column + 1,
    severity,
    rule,
    message,
    url: ruleUrl(rule),
  }))
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(value: string | number): string {
  return escapeData(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
