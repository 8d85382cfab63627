import { compileDeepGlob, type DeepGlob, deep, matchDeepGlob } from './deep-glob.ts'
import {
  type Glob,
  matchGlob,
  PatternError,
  parseClass,
  parseGlob,
  star,
  type Token,
} from './glob.ts'

/**
 * A parsed `.dockerignore`. Paths are relative to the context, normalized, and separated
 * by `/`.
 */
export interface IgnoreMatcher {
  /** True when the last line that matches the path, or a directory above it, excludes it. */
  ignores(path: string): boolean
  /**
   * False when no path below an ignored directory can be included again, so that a walk
   * may skip it.
   */
  mayContain(directory: string): boolean
  /** True when a line starts with `!`. */
  readonly hasExceptions: boolean
}

/** A name in a pattern: a literal, or a glob. `null` is `**`, any number of directories. */
type Name = string | Glob | null

interface Rule {
  readonly exception: boolean
  readonly names: readonly Name[]
  /** Used instead of `names` when a name has a `**` inside. */
  readonly deep?: DeepGlob | undefined
}

const maxSize = 10 * 1024 * 1024

/**
 * Reads a `.dockerignore`. `#` in the first column starts a comment, and `!` includes
 * a path again. The last matching line wins. A matched directory covers the paths
 * below it. Throws PatternError with the line of a bad pattern.
 */
export function parseIgnore(text: string): IgnoreMatcher {
  if (text.length > maxSize) {
    throw new PatternError('the ignore file is larger than 10 MiB')
  }
  const rules: Rule[] = []
  const lines = text.replace(/^\ufeff/, '').split('\n')
  for (const [index, line] of lines.entries()) {
    try {
      const rule = parseRule(line)
      if (rule !== undefined) {
        rules.push(rule)
      }
    } catch (error) {
      if (error instanceof PatternError) {
        throw new PatternError(`line ${index + 1}: ${error.message}`)
      }
      throw error
    }
  }
  return new RuleList(rules)
}

/**
 * Returns the patterns of a `.dockerignore`, for a program that matches them itself. Throws
 * PatternError as `parseIgnore` does.
 */
export function ignorePatterns(text: string): readonly string[] {
  parseIgnore(text)
  return text
    .replace(/^\ufeff/, '')
    .split('\n')
    .flatMap((line) => {
      const found = readPattern(line)
      return found === undefined ? [] : [(found.exception ? '!' : '') + found.pattern]
    })
}

function parseRule(line: string): Rule | undefined {
  const found = readPattern(line)
  return found && { exception: found.exception, ...compile(found.pattern) }
}

/** Returns the pattern of a line without blanks and needless slashes. */
function readPattern(line: string): { exception: boolean; pattern: string } | undefined {
  if (line.startsWith('#')) {
    return undefined
  }
  let pattern = line.trim()
  const exception = pattern.startsWith('!')
  if (exception) {
    pattern = pattern.slice(1).trim()
    if (pattern === '') {
      throw new PatternError("a lone '!' excepts nothing")
    }
  }
  pattern = cleanPath(pattern)
  if (pattern.length > 1 && pattern.startsWith('/')) {
    pattern = pattern.slice(1)
  }
  return pattern === '.' || pattern === '/' ? undefined : { exception, pattern }
}

/**
 * Resolves `.`, `..` and repeated slashes by the rules of Go's `path.Clean`. An empty
 * result is `.`.
 */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/')
  const out: string[] = []
  for (const name of path.split('/')) {
    if (name === '' || name === '.') {
      continue
    }
    if (name !== '..') {
      out.push(name)
    } else if (out.length > 0 && out.at(-1) !== '..') {
      out.pop()
    } else if (!rooted) {
      out.push(name)
    }
  }
  return (rooted ? '/' : '') + out.join('/') || '.'
}

function compile(pattern: string): Pick<Rule, 'names' | 'deep'> {
  const parts = pattern.split('/')
  const names: Name[] = []
  let isDeep = false
  for (const [index, part] of parts.entries()) {
    const pieces = splitAtDoubleStars(part)
    while (pieces.length > 1 && pieces[0] === '') {
      pieces.shift()
      if (names.at(-1) !== null) {
        names.push(null)
      }
    }
    const last = index === parts.length - 1
    if (last && pieces.length > 1 && pieces.at(-1) === '') {
      pieces.pop()
      pieces.push(`${pieces.pop() ?? ''}*`)
    }
    isDeep ||= pieces.length > 1
    if (pieces.length > 1 || pieces[0] !== '') {
      names.push(parseName(pieces[0] ?? ''))
    }
  }
  if (names.at(-1) === null) {
    names.push([star])
  }
  return isDeep ? { names: [], deep: compileDeepGlob(deepTokens(parts)) } : { names }
}

function parseName(text: string): Name {
  const glob = parseGlob(text)
  return glob.length === 1 && typeof glob[0] === 'string' ? glob[0] : glob
}

function deepTokens(parts: readonly string[]): (Token | typeof deep)[] {
  const tokens: (Token | typeof deep)[] = []
  for (const [index, part] of parts.entries()) {
    if (index > 0 && tokens.at(-1) !== deep) {
      tokens.push('/')
    }
    for (const [piece, text] of splitAtDoubleStars(part).entries()) {
      if (piece > 0 && tokens.at(-1) !== deep) {
        tokens.push(deep)
      }
      tokens.push(...parseGlob(text))
    }
  }
  if (tokens.at(-1) === deep) {
    tokens.pop()
    tokens.push(star)
  }
  return tokens
}

/** Splits a name at each `**` outside of escapes and classes. */
function splitAtDoubleStars(part: string): string[] {
  const pieces: string[] = []
  let start = 0
  for (let at = 0; at < part.length; at++) {
    if (part[at] === '\\') {
      at++
    } else if (part[at] === '[') {
      at = parseClass(part, at).end
    } else if (part[at] === '*' && part[at + 1] === '*') {
      pieces.push(part.slice(start, at))
      start = at + 2
      at++
    }
  }
  pieces.push(part.slice(start))
  return pieces
}

class RuleList implements IgnoreMatcher {
  readonly hasExceptions: boolean
  readonly #rules: readonly Rule[]

  constructor(rules: readonly Rule[]) {
    this.#rules = rules
    this.hasExceptions = rules.some((rule) => rule.exception)
  }

  ignores(path: string): boolean {
    const deciding = this.#rules[this.#lastMatch(path)]
    return deciding !== undefined && !deciding.exception
  }

  mayContain(directory: string): boolean {
    const decided = this.#lastMatch(directory)
    if (decided < 0 || this.#rules[decided]?.exception === true) {
      return true
    }
    const names = directory.split('/')
    return this.#rules.some(
      (rule, index) => index > decided && rule.exception && reachesBelow(rule, names),
    )
  }

  #lastMatch(path: string): number {
    const names = path.split('/')
    return this.#rules.findLastIndex((rule) =>
      rule.deep === undefined ? matchesUpTo(rule.names, names) : matchDeepGlob(rule.deep, path),
    )
  }
}

function matchesName(name: string | Glob, text: string): boolean {
  return typeof name === 'string' ? name === text : matchGlob(name, text)
}

/**
 * True when the pattern matches the path or a directory above it. Each group of
 * names after a `**` takes its first match, because a later match leaves fewer names
 * for the rest of the pattern.
 */
function matchesUpTo(pattern: readonly Name[], path: readonly string[]): boolean {
  let step = 0
  let at = 0
  let retryStep = -1
  let retryAt = 0
  while (step < pattern.length) {
    const name = pattern[step]
    if (name === null) {
      step++
      retryStep = step
      retryAt = at
      continue
    }
    const text = path[at]
    if (text === undefined || name === undefined) {
      return false
    }
    if (matchesName(name, text)) {
      step++
      at++
    } else if (retryStep >= 0) {
      retryAt++
      at = retryAt
      step = retryStep
    } else {
      return false
    }
  }
  return true
}

/** True when the pattern could match a path below the directory. */
function reachesBelow({ names, deep: deepGlob }: Rule, directory: readonly string[]): boolean {
  if (deepGlob !== undefined) {
    return true
  }
  for (const [index, text] of directory.entries()) {
    const name = names[index]
    if (name === undefined || name === null) {
      return name === null
    }
    if (!matchesName(name, text)) {
      return false
    }
  }
  return names.length > directory.length
}
