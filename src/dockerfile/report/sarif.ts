import { ruleSummary, ruleUrl } from '../lint/rules.ts'
import { flatten } from './formats.ts'
import type { FileReport, FlatDiagnostic } from './report.ts'

/**
 * Returns a log in the Static Analysis Results Interchange Format, 2.1.0. `version` is that of the
 * program.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
 */
export function formatSarif(reports: readonly FileReport[], version: string): string {
  const found = reports.flatMap(flatten)
  const rules = [...new Set(found.map(({ rule }) => rule))].sort()
  const log = {
    $schema:
      'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'strake', version, rules: rules.map(ruleOf) } },
        // Columns are counted in UTF-16 units, as in editors.
        columnKind: 'utf16CodeUnits',
        artifacts: reports.map(({ name }) => ({ location: { uri: uriOf(name) } })),
        results: found.map((each) => resultOf(each, reports, rules)),
      },
    ],
  }
  return `${JSON.stringify(log, undefined, 2)}\n`
}

function ruleOf(id: string): object {
  const helpUri = ruleUrl(id)
  return {
    id,
    shortDescription: { text: ruleSummary(id) },
    ...(helpUri !== undefined && { helpUri }),
  }
}

function resultOf(
  { file, line, column, endLine, endColumn, severity, rule, message }: FlatDiagnostic,
  reports: readonly FileReport[],
  rules: readonly string[],
): object {
  return {
    ruleId: rule,
    ruleIndex: rules.indexOf(rule),
    level: severity,
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: {
            uri: uriOf(file),
            index: reports.findIndex(({ name }) => name === file),
          },
          region: { startLine: line, startColumn: column, endLine, endColumn },
        },
      },
    ],
  }
}

/** A relative reference, so that the log is valid on other machines. */
function uriOf(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return path === '-' ? 'stdin' : encoded.startsWith('/') ? `file://${encoded}` : encoded
}
