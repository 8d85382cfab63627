import { type ErrorCode, StrakeError } from './error.ts'
import { limits } from './limits.ts'

/**
 * Reads one untrusted JSON document. Refuses everything that readers could understand differently:
 * a name twice in one object, invalid UTF-8, a byte order mark, half a surrogate pair, an integer
 * that does not fit, `1.0` for `1`, `__proto__`, bytes after the end. `what` names the document in
 * the message.
 *
 * `Fields` refuses names that differ from a known one only by case. The caller must keep `raw`,
 * because the digest is that of `raw`.
 */
export function parseJson(raw: Uint8Array, what: string, code: ErrorCode = 'INVALID'): unknown {
  const fail: Fail = (reason, offset) => {
    const place = offset === undefined ? '' : ` at offset ${offset}`
    return new StrakeError(code, `Cannot read ${what}: ${reason}${place}`)
  }
  const scanner = new Scanner(decode(raw, fail), fail)
  const value = scanner.value(0)
  scanner.end()
  return value
}

/**
 * Writes JSON like Go's encoder, so that the same document made by a Go program has the same
 * digest: no white space, names in insertion order, `<`, `>` and `&` escaped.
 */
export function encodeJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(formatGoJson(value))
}

/** The same as a text. With `indent`, each value has its own line, with so many spaces per level. */
export function formatGoJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

type Fail = (reason: string, offset?: number) => StrakeError

function decode(raw: Uint8Array, fail: Fail): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw)
  } catch {
    throw fail('it is not valid UTF-8')
  }
  if (text.startsWith('\uFEFF')) throw fail('it starts with a byte order mark')
  return text
}

const whitespace = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const loneSurrogate = /\p{Surrogate}/u

const [quote, backslash, firstPrintable] = [0x22, 0x5c, 0x20]

/** Parses the text in one pass. `#at` is the current position. */
class Scanner {
  readonly #text: string
  readonly #fail: Fail
  #at = 0

  constructor(text: string, fail: Fail) {
    this.#text = text
    this.#fail = fail
  }

  value(depth: number): unknown {
    if (depth > limits.jsonDepth) throw this.#fail('it is nested too deeply', this.#at)
    this.#skip()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  end(): void {
    this.#skip()
    if (this.#at < this.#text.length) {
      throw this.#fail('there is data after the end of the document', this.#at)
    }
  }

  #object(depth: number): Record<string, unknown> {
    const members: Record<string, unknown> = {}
    this.#at++
    if (this.#take('}')) return members
    do {
      this.#skip()
      const start = this.#at
      const name = this.#string()
      if (Object.hasOwn(members, name)) {
        throw this.#fail(`the name ${JSON.stringify(name)} appears twice`, start)
      }
      if (name === '__proto__') throw this.#fail('the name "__proto__" is not allowed', start)
      if (!this.#take(':')) throw this.#unexpected()
      members[name] = this.value(depth + 1)
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#unexpected()
    return members
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = []
    this.#at++
    if (this.#take(']')) return items
    do {
      items.push(this.value(depth + 1))
    } while (this.#take(','))
    if (!this.#take(']')) throw this.#unexpected()
    return items
  }

  /**
   * Reads one character at a time: a regular expression for a whole literal overflows the engine at
   * some millions of characters.
   */
  #string(): string {
    const start = this.#at
    if (this.#text[start] !== '"') throw this.#unexpected()
    let isEscaped = false
    for (this.#at++; ; ) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === quote) break
      if (code === backslash) {
        isEscaped = true
        if (this.#match(escapeSequence) === undefined) throw this.#unexpected()
      } else if (code >= firstPrintable) this.#at++
      else throw this.#unexpected()
    }
    this.#at++
    const literal = this.#text.slice(start, this.#at)
    if (!isEscaped) return literal.slice(1, -1)
    const value: string = JSON.parse(literal)
    if (loneSurrogate.test(value)) throw this.#fail('half a surrogate pair is escaped', start)
    return value
  }

  #number(): number {
    const start = this.#at
    const match = this.#match(number)
    if (match === undefined) throw this.#unexpected()
    const value = Number(match[0])
    const isWrittenAsInteger = match[1] === undefined && match[2] === undefined
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      throw this.#fail(`the number ${match[0].slice(0, 40)} cannot be held exactly`, start)
    }
    if (!isWrittenAsInteger && Number.isInteger(value)) {
      throw this.#fail(`the integer ${match[0].slice(0, 40)} is written as a fraction`, start)
    }
    return value === 0 ? 0 : value
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected()
    this.#at += word.length
    return value
  }

  #take(char: string): boolean {
    this.#skip()
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #skip(): void {
    this.#match(whitespace)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.#at = pattern.lastIndex
    return match
  }

  #unexpected(): StrakeError {
    const char = this.#text[this.#at]
    return char === undefined
      ? this.#fail('it ends too early')
      : this.#fail(`${JSON.stringify(char)} is not expected`, this.#at)
  }
}
