/** A malformed glob. The message is one clause. */
export class PatternError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PatternError'
  }
}

export interface CharClass {
  readonly negated: boolean
  /** Sorted, disjoint code point ranges, flat: low, high, low, high. */
  readonly ranges: readonly number[]
}

/** One step of a glob: literal text, `?`, `*` or `[…]`. */
export type Token = string | { readonly kind: 'any' } | { readonly kind: 'star' } | CharClass

/** A compiled glob. */
export type Glob = readonly Token[]

const any: Token = { kind: 'any' }
export const star: Token = { kind: 'star' }

/**
 * True when `pattern` matches all of `path`, by the rules of Go's
 * `filepath.Match` on Linux: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are
 * classes, `\` escapes. Time is linear in the pattern times the path.
 * Throws PatternError for a malformed pattern.
 */
export function matchPattern(pattern: string, path: string): boolean {
  return matchGlob(parseGlob(pattern), path)
}

/** True when `pattern` has a wildcard, so that it may have no match. */
export function hasWildcard(pattern: string): boolean {
  return /[*?[\\]/.test(pattern)
}

export function parseGlob(pattern: string): Glob {
  const tokens: Token[] = []
  let literal = ''
  const add = (token: Token): void => {
    if (literal !== '') {
      tokens.push(literal)
      literal = ''
    }
    if (token !== star || tokens.at(-1) !== star) {
      tokens.push(token)
    }
  }
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string
    if (char === '*') {
      add(star)
    } else if (char === '?') {
      add(any)
    } else if (char === '[') {
      const parsed = parseClass(pattern, at)
      add(parsed.token)
      at = parsed.end
    } else if (char === '\\') {
      at++
      if (at >= pattern.length) {
        throw new PatternError('the pattern ends in a lone escape character')
      }
      literal += pattern[at]
    } else {
      literal += char
    }
  }
  if (literal !== '') {
    tokens.push(literal)
  }
  return tokens
}

/** Reads the class at `start`. `end` is the index of its closing bracket. */
export function parseClass(pattern: string, start: number): { token: CharClass; end: number } {
  let at = start + 1
  const negated = pattern[at] === '^'
  if (negated) {
    at++
  }
  const ranges: [number, number][] = []
  const take = (): number => {
    const char = pattern[at]
    if (char === '-' || char === ']') {
      throw new PatternError('malformed character class in the pattern')
    }
    if (char === '\\') {
      at++
    }
    const code = pattern.codePointAt(at)
    if (code === undefined) {
      throw new PatternError('unterminated character class in the pattern')
    }
    at += code > 0xffff ? 2 : 1
    return code
  }
  while (pattern[at] !== ']' || ranges.length === 0) {
    if (at >= pattern.length) {
      throw new PatternError('unterminated character class in the pattern')
    }
    const low = take()
    let high = low
    if (pattern[at] === '-') {
      at++
      high = take()
    }
    ranges.push([low, high])
  }
  return { token: { negated, ranges: mergeRanges(ranges) }, end: at }
}

function mergeRanges(ranges: readonly [number, number][]): number[] {
  const merged: number[] = []
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (high < low) {
      continue
    }
    if (last !== undefined && low <= last + 1) {
      merged[merged.length - 1] = Math.max(last, high)
    } else {
      merged.push(low, high)
    }
  }
  return merged
}

export function inClass({ negated, ranges }: CharClass, code: number): boolean {
  let low = 0
  let high = ranges.length / 2
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[2 * middle + 1] as number) < code) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  const found = 2 * low < ranges.length && (ranges[2 * low] as number) <= code
  return found !== negated
}

/**
 * Matches greedily. After a mismatch, the last star takes one more character. An
 * earlier star needs no other try, because the last star can take the same
 * characters.
 */
export function matchGlob(glob: Glob, text: string): boolean {
  let at = 0
  let step = 0
  let retryStep = -1
  let retryAt = 0
  while (true) {
    const token = glob[step]
    if (token === undefined && at === text.length) {
      return true
    }
    if (token === star) {
      step++
      if (step === glob.length) {
        return !text.includes('/', at)
      }
      retryStep = step
      retryAt = at
      continue
    }
    const width = token === undefined ? 0 : tokenWidth(token, text, at)
    if (width > 0) {
      at += width
      step++
      continue
    }
    if (retryStep < 0 || retryAt >= text.length || text[retryAt] === '/') {
      return false
    }
    retryAt += charWidth(text, retryAt)
    at = retryAt
    step = retryStep
  }
}

/** Returns the number of UTF-16 units of `text` that the token matches at `at`, or 0. */
function tokenWidth(token: Token, text: string, at: number): number {
  if (typeof token === 'string') {
    return text.startsWith(token, at) ? token.length : 0
  }
  const code = text.codePointAt(at)
  if (code === undefined) {
    return 0
  }
  if ('ranges' in token) {
    return inClass(token, code) ? charWidth(text, at) : 0
  }
  return code === 0x2f ? 0 : charWidth(text, at)
}

function charWidth(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}
