/** A position in a word. */
export class Cursor {
  readonly source: string
  at = 0

  constructor(source: string) {
    this.source = source
  }

  /** Returns the next UTF-16 unit, or `undefined` at the end. */
  peek(): string | undefined {
    return this.source[this.at]
  }

  /** Takes the next character; returns an empty text at the end. */
  take(): string {
    const code = this.source.codePointAt(this.at)
    const char = code === undefined ? '' : String.fromCodePoint(code)
    this.at += char.length
    return char
  }

  /**
   * Reads a name, digits, or one special parameter such as `?`. Returns an empty text for
   * anything else.
   */
  name(): string {
    const start = this.at
    const first = this.peek() ?? ''
    if (isDigit(first)) {
      while (isDigit(this.peek() ?? '')) {
        this.at++
      }
    } else if (first !== '' && '@*#?-$!'.includes(first)) {
      this.at++
    } else {
      while (isNamePart(this.peek() ?? '')) {
        this.at++
      }
    }
    return this.source.slice(start, this.at)
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
