import type { Answer } from './answer.ts'

/** An answer, and for a wanted difference its reason. */
export interface Entry extends Answer {
  readonly because?: string
}

/**
 * Writes answers as text: `$` stands before a command line, `|` before its output, `!` before the first line
 * of its standard error, `=` before an exit code other than 0, and `because` before a reason.
 */
export function formatTranscript(entries: readonly Entry[]): string {
  return entries.map(formatEntry).join('\n')
}

function formatEntry({ line, exitCode, output, error, because }: Entry): string {
  const lines = [
    `$ ${line}`,
    ...output.map((text) => `| ${text}`),
    ...(error === '' ? [] : [`! ${error}`]),
    ...(exitCode === 0 ? [] : [`= ${exitCode}`]),
    ...(because === undefined ? [] : [`because ${because}`]),
  ]
  return `${lines.map((text) => text.trimEnd()).join('\n')}\n`
}

export function parseTranscript(text: string): readonly Entry[] {
  return text
    .split(/^(?=\$ )/m)
    .filter((part) => part.startsWith('$ '))
    .map(parseEntry)
}

function parseEntry(text: string): Entry {
  const lines = text.split('\n')
  const after = (prefix: string): readonly string[] =>
    lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length + 1))
  const [because] = after('because')
  return {
    line: after('$')[0] ?? '',
    exitCode: Number(after('=')[0] ?? 0),
    output: after('|'),
    error: after('!')[0] ?? '',
    ...(because === undefined ? {} : { because }),
  }
}
