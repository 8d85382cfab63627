import type { Position, Range } from '../ast.ts'
import { positionIn } from '../lines.ts'
import { type Analysis, type AnalysisPart, partAt } from '../scope/analysis.ts'
import { scopeAt } from '../scope/scope.ts'
import { directives, type FlagFact, instructions, mountKeys, platforms, signals } from './facts.ts'

/** A word that an editor offers. */
export interface Completion {
  readonly label: string
  readonly kind: 'keyword' | 'flag' | 'value' | 'stage' | 'variable'
  readonly detail: string
  /** What is inserted instead of `range`. */
  readonly text: string
  /** The part of the word before the cursor. */
  readonly range: Range
}

type Offer = Omit<Completion, 'range'>

/** Returns the words that fit at a place. An editor filters them by what is typed. */
export function completionsAt(analysis: Analysis, position: Position): Completion[] {
  const part = partAt(analysis, position.line)
  const raw = lineText(analysis, position.line).slice(0, position.column)
  const role = part?.item.lines[position.line - part.item.line]?.role
  const typed = part === undefined || role !== 'text' ? raw : textBefore(part, position)
  const { offers, word } = offersFor(analysis, { typed, raw, line: position.line, role })
  const start = { line: position.line, column: Math.max(0, position.column - word.length) }
  return offers.map((offer) => ({ ...offer, range: { start, end: position } }))
}

interface Place {
  /** The text of the instruction up to the cursor. */
  readonly typed: string
  readonly raw: string
  readonly line: number
  readonly role: 'text' | 'comment' | 'blank' | 'heredoc' | undefined
}

interface Offers {
  readonly offers: readonly Offer[]
  /** The end of the typed text that an offer replaces. */
  readonly word: string
}

function offersFor(analysis: Analysis, place: Place): Offers {
  const { typed, raw, line, role } = place
  if (raw.trimStart().startsWith('#') && role !== 'heredoc') return directiveOffers(raw, line)
  const variable = /\$\{?(\w*)$/.exec(typed)
  if (variable !== null) return { offers: variableOffers(analysis, line), word: variable[1] ?? '' }
  if (role === 'heredoc') return { offers: [], word: '' }
  const words = typed.trimStart()
  const keyword = /^\S*$/.exec(words)
  if (keyword !== null) return { offers: keywordOffers(words), word: words }
  const last = /\S*$/.exec(words)?.[0] ?? ''
  const [name = ''] = words.split(/\s/, 1)
  return argumentOffers(analysis, { ...place, keyword: name.toUpperCase(), last, before: words })
}

interface ArgumentPlace extends Place {
  readonly keyword: string
  /** The word at the cursor. */
  readonly last: string
  readonly before: string
}

function argumentOffers(analysis: Analysis, place: ArgumentPlace): Offers {
  const { keyword, last, before } = place
  const fact = Object.hasOwn(instructions, keyword) ? instructions[keyword] : undefined
  const [, flagName, value] = /^--([\w-]+)=(.*)$/.exec(last) ?? []
  const flag = fact?.flags.find(({ name }) => name === flagName)
  if (flag !== undefined && value !== undefined) return valueOffers(analysis, place, flag, value)
  const isFirst = /^\S+(?:\s+--\S+)*\s+\S*$/.test(before)
  if (last.startsWith('-') && isFirst && fact !== undefined) {
    return { offers: fact.flags.map((each) => flagOffer(each, '--')), word: last }
  }
  if (keyword === 'FROM') return fromOffers(analysis, place, isFirst)
  if (keyword === 'ONBUILD' && isFirst) return { offers: keywordOffers(last), word: last }
  if (keyword === 'HEALTHCHECK' && isFirst) {
    return { offers: values(['CMD', 'NONE'], 'keyword'), word: last }
  }
  if (keyword === 'STOPSIGNAL') return { offers: values(signals, 'value'), word: last }
  const port = keyword === 'EXPOSE' ? /\/(\w*)$/.exec(last) : null
  if (port !== null) return { offers: values(['tcp', 'udp', 'sctp'], 'value'), word: port[1] ?? '' }
  return { offers: [], word: '' }
}

function fromOffers(analysis: Analysis, { last, line }: ArgumentPlace, isFirst: boolean): Offers {
  if (!isFirst) return { offers: values(['AS'], 'keyword'), word: last }
  const scratch: Offer = {
    label: 'scratch',
    kind: 'value',
    detail: 'an empty base',
    text: 'scratch',
  }
  return { offers: [...stageOffers(analysis, line), scratch], word: last }
}

function valueOffers(
  analysis: Analysis,
  { line }: Place,
  { values: kind }: FlagFact,
  value: string,
): Offers {
  if (kind === 'platform') return { offers: values(platforms, 'value'), word: value }
  if (kind === 'stage') return { offers: stageOffers(analysis, line), word: value }
  if (kind === 'mount') return mountOffers(analysis, line, value)
  if (kind === undefined) return { offers: values(['true', 'false'], 'value'), word: value }
  return kind === 'any' ? { offers: [], word: '' } : { offers: values(kind, 'value'), word: value }
}

function mountOffers(analysis: Analysis, line: number, value: string): Offers {
  const field = value.split(',').at(-1) ?? ''
  const equals = field.indexOf('=')
  if (equals < 0) return { offers: mountKeys.map((key) => flagOffer(key, '')), word: field }
  const key = mountKeys.find(({ name }) => name === field.slice(0, equals))
  const word = field.slice(equals + 1)
  if (key?.values === 'stage') return { offers: stageOffers(analysis, line), word }
  if (key?.values === undefined || typeof key.values === 'string') return { offers: [], word: '' }
  return { offers: values(key.values, 'value'), word }
}

function directiveOffers(raw: string, line: number): Offers {
  const [, name = '', value] = /^\s*#\s*(\w*)(?:\s*=\s*(\S*))?$/.exec(raw) ?? []
  const known = directives.find((each) => each.name === name)
  if (value !== undefined) {
    const offered = known !== undefined && Array.isArray(known.values) ? known.values : []
    return { offers: values(offered, 'value'), word: value }
  }
  // Directives are at the top; `check` is also possible above an instruction.
  const usable = line <= directives.length + 1 ? directives : [directives.at(-1)]
  const offers = usable.flatMap((each) => (each === undefined ? [] : [flagOffer(each, '')]))
  return { offers: /^\s*#\s*\w*$/.test(raw) ? offers : [], word: name }
}

function keywordOffers(typed: string): Offer[] {
  const isLower = typed !== '' && typed === typed.toLowerCase()
  return Object.entries(instructions).map(([name, { summary }]) => {
    const text = isLower ? name.toLowerCase() : name
    return { label: text, kind: 'keyword', detail: summary, text }
  })
}

function variableOffers(analysis: Analysis, line: number): Offer[] {
  const { variables } = scopeAt(analysis, line)
  return [...variables.values()].map(({ name, kind, value }) => ({
    label: name,
    kind: 'variable',
    detail: `${kind} ${name}${value === undefined ? '' : `=${value.slice(0, 100)}`}`,
    text: name,
  }))
}

function stageOffers({ file }: Analysis, line: number): Offer[] {
  return file.stages
    .filter(({ name, from }) => name !== undefined && from.range.end.line < line)
    .map(({ name = '', from, description }) => ({
      label: name,
      kind: 'stage',
      detail: description ?? from.text.slice(0, 100),
      text: name,
    }))
}

function flagOffer({ name, summary, values: kind }: FlagFact, dashes: string): Offer {
  const text = `${dashes}${name}${kind === undefined ? '' : '='}`
  return { label: `${dashes}${name}`, kind: 'flag', detail: summary, text }
}

function values(list: readonly string[], kind: Offer['kind']): Offer[] {
  return list.map((text) => ({ label: text, kind, detail: '', text }))
}

/** Returns the joined text of an instruction up to the cursor. */
function textBefore({ item: { statement } }: AnalysisPart, position: Position): string {
  const { text, line } = statement
  const index = line.pieces.findLastIndex(({ start }) => start.line <= position.line)
  const piece = line.pieces[index]
  if (piece === undefined) return ''
  const start = positionIn(line.pieces, piece.at)
  const column = start.line === position.line ? position.column - start.column : 0
  const before = text.slice(0, piece.at + Math.max(0, column))
  // White space at the end of an instruction is not part of its text.
  const missing = piece.at + column - before.length
  return missing > 0 ? before + ' '.repeat(Math.min(missing, 1)) : before
}

function lineText({ text }: Analysis, line: number): string {
  let at = text.startsWith('\ufeff') ? 1 : 0
  for (let current = 1; current < line; current++) {
    const next = text.indexOf('\n', at)
    if (next < 0) return ''
    at = next + 1
  }
  const end = text.indexOf('\n', at)
  return text.slice(at, end < 0 ? undefined : end).replace(/\r$/, '')
}
