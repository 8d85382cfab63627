import { posix } from 'node:path'
import { HclError } from '../hcl-error.ts'
import { listOf, textOf, type Value } from '../value.ts'
import { define, defineMany, type FunctionTable } from './define.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Characters as readers see them, which is how HCL counts. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

const charactersOf = (text: string): readonly string[] =>
  [...segmenter.segment(text)].map(({ segment }) => segment)

export const texts: FunctionTable = {
  basename: define(['text'], (path) => baseOf(path)),
  byteslen: define(['text'], (text) => encoder.encode(text).length),
  bytesslice: define(['text', 'number', 'number'], (text, offset, length) =>
    decoder.decode(encoder.encode(text).subarray(offset, offset + length)),
  ),
  chomp: define(['text'], (text) => text.replace(/[\r\n]+$/, '')),
  dirname: define(['text'], (path) => directoryOf(path)),
  indent: define(['number', 'text'], (spaces, text) =>
    text.replaceAll('\n', `\n${' '.repeat(spaces)}`),
  ),
  join: defineMany('any', 2, (separator, ...lists) =>
    lists.flatMap((list) => listOf(list).map((one) => textOf(one))).join(textOf(separator)),
  ),
  lower: define(['text'], (text) => text.toLowerCase()),
  regex: define(['text', 'text'], regex),
  regex_replace: define(['text', 'text', 'text'], replacePattern),
  regexall: define(['text', 'text'], (pattern, text) =>
    [...text.matchAll(compile(pattern, 'g'))].map(groupsOf),
  ),
  replace: define(['text', 'text', 'text'], (text, from, to) => text.replaceAll(from, () => to)),
  reverse: define(['text'], (text) => charactersOf(text).toReversed().join('')),
  sanitize: define(['text'], (text) => text.replaceAll(/[^\w-]/gu, '_')),
  split: define(['text', 'text'], (separator, text) => (text === '' ? [] : text.split(separator))),
  strlen: define(['text'], (text) => charactersOf(text).length),
  substr: define(['text', 'number', 'number'], substring),
  title: define(['text'], (text) =>
    text.replaceAll(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toUpperCase()),
  ),
  trim: define(['text', 'text'], trim),
  trimprefix: define(['text', 'text'], (text, prefix) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  trimspace: define(['text'], (text) => text.trim()),
  trimsuffix: define(['text', 'text'], (text, suffix) =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  ),
  upper: define(['text'], (text) => text.toUpperCase()),
}

function baseOf(path: string): string {
  if (path === '') return '.'
  return posix.basename(path) || '/'
}

function directoryOf(path: string): string {
  return posix.normalize(path.slice(0, path.lastIndexOf('/') + 1)).replace(/(?<=.)\/$/, '')
}

/** A negative offset is from the end, and a negative length means everything. */
function substring(text: string, offset: number, length: number): string {
  const characters = charactersOf(text)
  const start = offset < 0 ? characters.length + offset : offset
  if (start < 0) throw new HclError('the offset is before the beginning of the text')
  return characters.slice(start, length < 0 ? undefined : start + length).join('')
}

function trim(text: string, cut: string): string {
  const unwanted = new Set(cut)
  const characters = [...text]
  const start = characters.findIndex((one) => !unwanted.has(one))
  const end = characters.findLastIndex((one) => !unwanted.has(one))
  return start === -1 ? '' : characters.slice(start, end + 1).join('')
}

/** Patterns of Go name groups with `(?P<name>…)`. */
function compile(pattern: string, flags: string): RegExp {
  const [, mode = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? []
  try {
    const source = rest.replaceAll('(?P<', '(?<').replaceAll('\\z', '$').replaceAll('\\A', '^')
    return new RegExp(source, `${flags}u${mode}`)
  } catch (cause) {
    throw new HclError(cause instanceof Error ? cause.message : 'the pattern is malformed')
  }
}

function regex(pattern: string, text: string): Value {
  const match = compile(pattern, '').exec(text)
  if (match === null) throw new HclError('the pattern matches nothing in the text')
  return groupsOf(match)
}

/** The whole match, a list of its groups, or an object of its named groups. */
function groupsOf(match: RegExpMatchArray): Value {
  const { groups } = match
  const numbered = match.slice(1).map((one): Value => one ?? null)
  if (groups === undefined) return numbered.length === 0 ? (match[0] ?? '') : numbered
  const names = Object.keys(groups).toSorted()
  if (names.length < numbered.length) {
    throw new HclError('the pattern has groups with and without names')
  }
  return new Map(names.map((name): [string, Value] => [name, groups[name] ?? null]))
}

/** In the replacement `$1`, `$name` and `${name}` are groups, and `$$` is a dollar sign. */
function replacePattern(text: string, pattern: string, replacement: string): string {
  return text.replaceAll(compile(pattern, 'g'), (...found: readonly unknown[]) => {
    const named = found.at(-1)
    const groups = (typeof named === 'object' ? named : {}) as Readonly<Record<string, string>>
    return replacement.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced, bare) => {
      if (whole === '$$') return '$'
      const name = String(braced ?? bare)
      const group = /^\d+$/.test(name) ? found[Number(name)] : groups[name]
      return typeof group === 'string' ? group : ''
    })
  })
}
