import {
  parseShellPattern,
  replacePattern,
  ShellPatternError,
  trimPrefix,
  trimSuffix,
} from './shell-pattern.ts'

/**
 * A word whose variables cannot be substituted. The message is one clause, to be used
 * after a colon.
 */
export class SubstitutionError extends Error {
  /** The word that was being expanded. */
  readonly source: string

  constructor(message: string, source: string) {
    super(message)
    this.name = 'SubstitutionError'
    this.source = source
  }
}

/** Returns the value of a variable, or `undefined` when it is not set. */
export type Lookup = (name: string) => string | undefined

export interface ExpandOptions {
  /** The escape character of the Dockerfile. The default is `\`. */
  readonly escape?: '\\' | '`' | undefined
  /** False when quotes are ordinary text, as in the body of a COPY heredoc. */
  readonly quotes?: boolean | undefined
}

/** The most UTF-16 units of an expanded word. */
const maxLength = 1024 * 1024
const maxDepth = 100
/** The most pattern comparisons for one word. They take less than a second. */
const maxSteps = 20_000_000

/**
 * Substitutes variables in one word and removes its quotes and escapes, as
 * Docker's shell lexer does: `$x`, `${x}`, `${x:-w}`, `${x-w}`, `${x:+w}`,
 * `${x+w}`, `${x:?w}`, `${x?w}`, `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}`,
 * `${x/p/r}` and `${x//p/r}`. Both sides of a choice are parsed, so an error in the
 * unused one is an error too. Throws only SubstitutionError.
 */
export function expand(word: string, lookup: Lookup, options: ExpandOptions = {}): string {
  if (!hasSpecial(word, options)) {
    return checkLength(word, word)
  }
  return new Expander(word, lookup, options).run(undefined)
}

/** As `expand`, but splits the result at white space that was not quoted. Drops empty words. */
export function expandWords(word: string, lookup: Lookup, options: ExpandOptions = {}): string[] {
  const words = new WordCollector()
  new Expander(word, lookup, options).run(words)
  return words.finish()
}

function hasSpecial(word: string, options: ExpandOptions): boolean {
  return (
    word.includes('$') ||
    word.includes(options.escape ?? '\\') ||
    (options.quotes !== false && (word.includes('"') || word.includes("'")))
  )
}

function checkLength(text: string, source: string): string {
  requireLength(text.length, source)
  return text
}

function requireLength(length: number, source: string): void {
  if (length > maxLength) {
    throw new SubstitutionError('the result of the substitution is longer than 1 MiB', source)
  }
}

class WordCollector {
  readonly #words: string[] = []
  #current = ''

  /** Adds text to the current word, white space included. */
  keep(text: string): void {
    this.#current += text
  }

  /** Adds text whose white space separates words. */
  split(text: string): void {
    const parts = text.split(/\s+/)
    this.#current += parts[0] ?? ''
    for (let i = 1; i < parts.length; i++) {
      this.#push()
      this.#current = parts[i] ?? ''
    }
  }

  finish(): string[] {
    this.#push()
    return this.#words
  }

  #push(): void {
    if (this.#current !== '') {
      this.#words.push(this.#current)
    }
    this.#current = ''
  }
}

class Expander {
  readonly #source: string
  readonly #lookup: Lookup
  readonly #escape: string
  readonly #quotes: boolean
  #at = 0
  #depth = 0
  #steps = 0
  /** True while reading a pattern, which keeps its escapes for the pattern parser. */
  #raw = false

  constructor(source: string, lookup: Lookup, options: ExpandOptions) {
    this.#source = source
    this.#lookup = lookup
    this.#escape = options.escape ?? '\\'
    this.#quotes = options.quotes ?? true
  }

  run(words: WordCollector | undefined): string {
    return this.#until(undefined, false, words)
  }

  #fail(message: string): SubstitutionError {
    return new SubstitutionError(message, this.#source)
  }

  #charge = (steps: number): void => {
    this.#steps += steps
    if (this.#steps > maxSteps) {
      throw this.#fail('the substitution takes too many steps')
    }
  }

  #until(stop: '}' | '/' | undefined, raw: boolean, words?: WordCollector): string {
    if (++this.#depth > maxDepth) {
      throw this.#fail(`substitutions are nested deeper than ${maxDepth}`)
    }
    const outer = this.#raw
    this.#raw = raw
    let out = ''
    for (let char = this.#peek(); char !== stop; char = this.#peek()) {
      if (char === undefined) {
        throw this.#fail(`missing '${stop}' in substitution`)
      }
      const literal = char !== '$'
      const piece = literal ? this.#literal(char, stop) : this.#dollar()
      const plain = literal && !this.#isSpecial(char)
      if (literal && !plain) {
        words?.keep(piece)
      } else {
        words?.split(piece)
      }
      out = checkLength(out + piece, this.#source)
    }
    if (stop !== undefined) {
      this.#at++
    }
    this.#raw = outer
    this.#depth--
    return out
  }

  #peek(): string | undefined {
    return this.#source[this.#at]
  }

  #isSpecial(char: string): boolean {
    return char === '$' || char === this.#escape || (this.#quotes && (char === "'" || char === '"'))
  }

  /**
   * Reads a quoted part, an escaped character, or ordinary text up to the next special
   * character.
   */
  #literal(char: string, stop: string | undefined): string {
    if (char === this.#escape) {
      this.#at++
      return (this.#raw ? char : '') + this.#take()
    }
    if (this.#quotes && char === "'") {
      return this.#singleQuoted()
    }
    if (this.#quotes && char === '"') {
      return this.#doubleQuoted()
    }
    const start = this.#at
    for (let next: string | undefined = char; next !== undefined && next !== stop; ) {
      this.#at++
      next = this.#peek()
      if (next !== undefined && this.#isSpecial(next)) {
        break
      }
    }
    return this.#source.slice(start, this.#at)
  }

  #take(): string {
    const code = this.#source.codePointAt(this.#at)
    const char = code === undefined ? '' : String.fromCodePoint(code)
    this.#at += char.length
    return char
  }

  #singleQuoted(): string {
    const end = this.#source.indexOf("'", this.#at + 1)
    if (end < 0) {
      throw this.#fail('unexpected end of statement while looking for matching single-quote')
    }
    const text = this.#source.slice(this.#at + 1, end)
    this.#at = end + 1
    return text
  }

  #doubleQuoted(): string {
    this.#at++
    let out = ''
    for (let char = this.#peek(); char !== '"'; char = this.#peek()) {
      if (char === undefined) {
        throw this.#fail('unexpected end of statement while looking for matching double-quote')
      }
      if (char === '$') {
        out = checkLength(out + this.#dollar(), this.#source)
      } else if (char === this.#escape) {
        this.#at++
        const next = this.#peek()
        const escapable = next === '"' || next === '$' || next === this.#escape
        out += this.#raw || (!escapable && next !== undefined) ? char : ''
        out += escapable ? this.#take() : ''
      } else {
        const start = this.#at
        do {
          this.#at++
          char = this.#peek()
        } while (char !== undefined && char !== '"' && char !== '$' && char !== this.#escape)
        out += this.#source.slice(start, this.#at)
      }
    }
    this.#at++
    return out
  }

  #dollar(): string {
    this.#at++
    if (this.#peek() !== '{') {
      const name = this.#name()
      return name === '' ? '$' : (this.#lookup(name) ?? '')
    }
    this.#at++
    const first = this.#peek()
    if (first === '{' || first === '}' || first === ':') {
      throw this.#fail('bad substitution')
    }
    const name = this.#name()
    const operator = this.#take()
    if (operator === '}') {
      return this.#lookup(name) ?? ''
    }
    if (operator === '/') {
      return this.#replace(name)
    }
    const modifier = operator === ':' ? this.#take() : operator
    if (modifier === '' || modifier === '}') {
      throw this.#fail("missing '}' in substitution")
    }
    if (!(operator === ':' ? '-+?' : '-+?#%').includes(modifier)) {
      const shown = operator === ':' ? `:${modifier}` : operator
      throw this.#fail(`unsupported modifier (${shown}) in substitution`)
    }
    return this.#modified(name, modifier, operator === ':')
  }

  #modified(name: string, modifier: string, emptyIsUnset: boolean): string {
    const isPattern = modifier === '#' || modifier === '%'
    const word = this.#until('}', isPattern)
    const value = this.#lookup(name)
    if (isPattern) {
      const longest = word.startsWith(modifier)
      const pattern = this.#pattern(longest ? word.slice(1) : word)
      const trim = modifier === '#' ? trimPrefix : trimSuffix
      return trim(value ?? '', pattern, { longest, charge: this.#charge })
    }
    const missing = value === undefined || (emptyIsUnset && value === '')
    if (modifier === '+') {
      return missing ? '' : word
    }
    if (!missing) {
      return value
    }
    if (modifier === '-') {
      return word
    }
    const state = value === undefined ? 'unset' : 'empty'
    throw this.#fail(`${name}: ${word === '' ? `is not allowed to be ${state}` : word}`)
  }

  #replace(name: string): string {
    const all = this.#peek() === '/'
    if (all) {
      this.#at++
    }
    const pattern = this.#until('/', true)
    const replacement = this.#until('}', true)
    const value = this.#lookup(name) ?? ''
    return replacePattern(value, this.#pattern(pattern), {
      replacement,
      all,
      charge: this.#charge,
      checkLength: (length) => requireLength(length, this.#source),
    })
  }

  #pattern(text: string): ReturnType<typeof parseShellPattern> {
    try {
      this.#charge(text.length)
      return parseShellPattern(text, this.#escape)
    } catch (error) {
      throw error instanceof ShellPatternError ? this.#fail(error.message) : error
    }
  }

  /**
   * Reads a name, digits, or one special parameter such as `?`. Returns an empty text for
   * anything else.
   */
  #name(): string {
    const start = this.#at
    const first = this.#peek() ?? ''
    if (isDigit(first)) {
      while (isDigit(this.#peek() ?? '')) {
        this.#at++
      }
    } else if (first !== '' && '@*#?-$!'.includes(first)) {
      this.#at++
    } else {
      while (isNamePart(this.#peek() ?? '')) {
        this.#at++
      }
    }
    return this.#source.slice(start, this.#at)
  }
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9'
}

function isNamePart(char: string): boolean {
  return (
    (char >= 'a' && char <= 'z') ||
    (char >= 'A' && char <= 'Z') ||
    isDigit(char) ||
    char === '_' ||
    (char > '\x7f' && /[\p{L}\p{Nd}]/u.test(char))
  )
}
