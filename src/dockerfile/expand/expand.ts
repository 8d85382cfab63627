import { Cursor } from './cursor.ts'
import {
  parseShellPattern,
  replacePattern,
  ShellPatternError,
  trimPrefix,
  trimSuffix,
} from './shell-pattern.ts'
import { SubstitutionError } from './substitution-error.ts'
import { WordCollector } from './word-collector.ts'

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

/**
 * What is read: `word` loses its escapes. A `pattern` keeps them for the pattern parser, and a
 * `replacement` keeps them as BuildKit does.
 */
type Operand = 'word' | 'pattern' | 'replacement'

class Expander {
  readonly #cursor: Cursor
  readonly #lookup: Lookup
  readonly #escape: string
  readonly #quotes: boolean
  #depth = 0
  #steps = 0
  #operand: Operand = 'word'

  constructor(source: string, lookup: Lookup, options: ExpandOptions) {
    this.#cursor = new Cursor(source)
    this.#lookup = lookup
    this.#escape = options.escape ?? '\\'
    this.#quotes = options.quotes ?? true
  }

  run(words: WordCollector | undefined): string {
    return this.#until(undefined, 'word', words)
  }

  #fail(message: string): SubstitutionError {
    return new SubstitutionError(message, this.#cursor.source)
  }

  #charge = (steps: number): void => {
    this.#steps += steps
    if (this.#steps > maxSteps) {
      throw this.#fail('the substitution takes too many steps')
    }
  }

  #until(stop: '}' | '/' | undefined, operand: Operand, words?: WordCollector): string {
    if (++this.#depth > maxDepth) {
      throw this.#fail(`substitutions are nested deeper than ${maxDepth}`)
    }
    const outer = this.#operand
    this.#operand = operand
    let out = ''
    for (let char = this.#cursor.peek(); char !== stop; char = this.#cursor.peek()) {
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
      out = checkLength(out + piece, this.#cursor.source)
    }
    if (stop !== undefined) {
      this.#cursor.at++
    }
    this.#operand = outer
    this.#depth--
    return out
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
      this.#cursor.at++
      return (this.#operand === 'word' ? '' : char) + this.#cursor.take()
    }
    if (this.#quotes && char === "'") {
      return this.#singleQuoted()
    }
    if (this.#quotes && char === '"') {
      return this.#doubleQuoted()
    }
    const start = this.#cursor.at
    for (let next: string | undefined = char; next !== undefined && next !== stop; ) {
      this.#cursor.at++
      next = this.#cursor.peek()
      if (next !== undefined && this.#isSpecial(next)) {
        break
      }
    }
    return this.#cursor.source.slice(start, this.#cursor.at)
  }

  #singleQuoted(): string {
    const end = this.#cursor.source.indexOf("'", this.#cursor.at + 1)
    if (end < 0) {
      throw this.#fail('unexpected end of statement while looking for matching single-quote')
    }
    const text = this.#cursor.source.slice(this.#cursor.at + 1, end)
    this.#cursor.at = end + 1
    // Escapes are text between quotes, so the pattern parser gets them escaped.
    if (this.#operand !== 'pattern') return text
    return text.replaceAll(this.#escape, this.#escape + this.#escape)
  }

  #doubleQuoted(): string {
    this.#cursor.at++
    let out = ''
    for (let char = this.#cursor.peek(); char !== '"'; char = this.#cursor.peek()) {
      if (char === undefined) {
        throw this.#fail('unexpected end of statement while looking for matching double-quote')
      }
      if (char === '$') {
        out = checkLength(out + this.#dollar(), this.#cursor.source)
      } else if (char === this.#escape) {
        this.#cursor.at++
        const next = this.#cursor.peek()
        const escapable = next === '"' || next === '$' || next === this.#escape
        const isText = !escapable && next !== undefined
        if (this.#operand !== 'word' && next !== undefined) out += char
        if (isText) out += char
        if (escapable) out += this.#cursor.take()
      } else {
        const start = this.#cursor.at
        do {
          this.#cursor.at++
          char = this.#cursor.peek()
        } while (char !== undefined && char !== '"' && char !== '$' && char !== this.#escape)
        out += this.#cursor.source.slice(start, this.#cursor.at)
      }
    }
    this.#cursor.at++
    return out
  }

  #dollar(): string {
    this.#cursor.at++
    if (this.#cursor.peek() !== '{') {
      const name = this.#cursor.name()
      return name === '' ? '$' : (this.#lookup(name) ?? '')
    }
    this.#cursor.at++
    const first = this.#cursor.peek()
    if (first === '{' || first === '}' || first === ':') {
      throw this.#fail('bad substitution')
    }
    const name = this.#cursor.name()
    const operator = this.#cursor.take()
    if (operator === '}') {
      return this.#lookup(name) ?? ''
    }
    if (operator === '/') {
      return this.#replace(name)
    }
    const modifier = operator === ':' ? this.#cursor.take() : operator
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
    const word = this.#until('}', isPattern ? 'pattern' : 'word')
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
    const all = this.#cursor.peek() === '/'
    if (all) {
      this.#cursor.at++
    }
    const pattern = this.#until('/', 'pattern')
    const replacement = this.#until('}', 'replacement')
    const value = this.#lookup(name) ?? ''
    return replacePattern(value, this.#pattern(pattern), {
      replacement,
      all,
      charge: this.#charge,
      checkLength: (length) => requireLength(length, this.#cursor.source),
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
}
