import type { Position, Range } from '../ast.ts'
import { rangeIn } from '../lines.ts'
import { type Analysis, type AnalysisPart, partAt } from '../scope/analysis.ts'
import { scopeAt } from '../scope/scope.ts'
import { instructions, mountKeys } from './facts.ts'
import { contains, definitionsAt, occurrenceAt } from './navigate.ts'

/** What an editor shows for a word. */
export interface Hover {
  /** Markdown. */
  readonly text: string
  readonly range: Range
}

/** Explains the instruction, flag, variable or stage at a place. */
export function hoverAt(analysis: Analysis, position: Position): Hover | undefined {
  const occurrence = occurrenceAt(analysis, position)
  if (occurrence?.kind === 'stage') {
    const [defined] = definitionsAt(analysis, position)
    const line = defined?.start.line ?? position.line
    const stage = analysis.file.stages.find(({ from }) => from.range.start.line === line)
    if (stage === undefined) return undefined
    const text = [code(stage.from.text), stage.description ?? ''].join('\n\n').trim()
    return { text, range: occurrence.range }
  }
  if (occurrence !== undefined) {
    return { text: describeVariable(analysis, occurrence.name, position), range: occurrence.range }
  }
  const part = partAt(analysis, position.line)
  return part === undefined ? undefined : describeWord(part, position)
}

function describeVariable(analysis: Analysis, name: string, { line }: Position): string {
  const before = scopeAt(analysis, line).variables.get(name)
  // On the instruction that sets it, the value is that after the instruction.
  const after = scopeAt(analysis, line + 1).variables.get(name)
  const variable = after?.declared?.start.line === line ? after : (before ?? after)
  if (variable === undefined) return code(name)
  const { kind, value, declared } = variable
  if (value === undefined) {
    const who = kind === 'ARG' ? 'it is set with --build-arg' : 'only a build knows its value'
    return `${code(`${kind} ${name}`)}\n\n${who}`
  }
  const place = declared === undefined ? '' : `\n\nline ${declared.start.line}`
  return code(`${kind} ${name}=${shorten(value)}`) + place
}

function describeWord(part: AnalysisPart, position: Position): Hover | undefined {
  const { statement } = part.item
  const { line, written, keyword, text, flagSpans } = statement
  const fact = Object.hasOwn(instructions, keyword) ? instructions[keyword] : undefined
  if (fact === undefined) return undefined
  const range = rangeIn(line.pieces, 0, written.length)
  if (contains(range, position)) return { text: `${code(fact.syntax)}\n\n${fact.summary}`, range }
  for (const { start, end } of flagSpans) {
    const flagRange = rangeIn(line.pieces, start, end)
    if (!contains(flagRange, position)) continue
    const word = text.slice(start, end)
    const name = /^--([\w-]+)/.exec(word)?.[1]
    const flag = fact.flags.find((each) => each.name === name)
    if (flag === undefined) return undefined
    const keys = flag.values === 'mount' ? `\n\n${describeKeys()}` : ''
    return { text: `${code(`--${flag.name}`)}\n\n${flag.summary}${keys}`, range: flagRange }
  }
  return undefined
}

function describeKeys(): string {
  return mountKeys.map(({ name, summary }) => `- \`${name}\`: ${summary}`).join('\n')
}

function code(text: string): string {
  // A line of backquotes that is longer than any in the text.
  const fence = '`'.repeat(Math.max(3, ...(text.match(/`+/g) ?? []).map((run) => run.length + 1)))
  return `${fence}dockerfile\n${shorten(text)}\n${fence}`
}

/** A value may be as long as a file. */
function shorten(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}
