/** A `#`, `%` or `/` pattern of a substitution that cannot be read. */
export class ShellPatternError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ShellPatternError'
  }
}

/** The literal texts between the stars. `null` is `?`. N stars make N + 1 segments. */
export type ShellPattern = readonly (readonly (string | null)[])[]

/** Called with the number of the next comparisons. It throws to stop. */
export type Charge = (steps: number) => void

/** Called with the new length of the result before it grows. It throws to stop. */
export type CheckLength = (length: number) => void

/**
 * Reads `*` (any text), `?` (any one character), and `escapeChar` before `*`, `?`,
 * `}`, `/` and itself. `[` is an ordinary character.
 */
export function parseShellPattern(text: string, escapeChar = '\\'): ShellPattern {
  const segments: (string | null)[][] = []
  let segment: (string | null)[] = []
  const chars = Array.from(text)
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string
    if (char === '*') {
      segments.push(segment)
      segment = []
    } else if (char === '?') {
      segment.push(null)
    } else if (char === escapeChar) {
      const next = chars[++i]
      if (next === undefined || !['*', '?', escapeChar, '}', '/'].includes(next)) {
        throw new ShellPatternError(
          `invalid pattern (${text}) in substitution: invalid escape '${escapeChar}${next ?? ''}'`,
        )
      }
      segment.push(next)
    } else {
      segment.push(char)
    }
  }
  segments.push(segment)
  return segments
}

/** No match at this position. */
const MISS = -1
/** No match at this position or any later one. */
const HOPELESS = -2

/**
 * Returns the end of the shortest or longest match of `pattern` at `start`, or a negative
 * number.
 */
function matchPrefix(
  pattern: ShellPattern,
  text: readonly string[],
  options: { readonly start: number; readonly longest: boolean; readonly charge: Charge },
): number {
  const { start, longest, charge } = options
  const first = pattern[0] ?? []
  if (!matchesAt(first, text, start, charge)) {
    return MISS
  }
  let end = start + first.length
  for (let i = 1; i < pattern.length; i++) {
    const segment = pattern[i] ?? []
    const backwards = longest && i === pattern.length - 1
    const last = text.length - segment.length
    let at = backwards ? last : end
    while (at >= end && at <= last && !matchesAt(segment, text, at, charge)) {
      at += backwards ? -1 : 1
    }
    if (at < end || at > last) {
      return HOPELESS
    }
    end = at + segment.length
  }
  return end
}

function matchesAt(
  segment: readonly (string | null)[],
  text: readonly string[],
  at: number,
  charge: Charge,
): boolean {
  if (at + segment.length > text.length) {
    return false
  }
  let i = 0
  while (i < segment.length && (segment[i] === null || segment[i] === text[at + i])) {
    i++
  }
  charge(i + 1)
  return i === segment.length
}

/** Removes the match of `pattern` at the start of `value` (`${x#p}`, `${x##p}` when `longest`). */
export function trimPrefix(
  value: string,
  pattern: ShellPattern,
  options: { readonly longest: boolean; readonly charge: Charge },
): string {
  const chars = split(value, options.charge)
  const end = matchPrefix(pattern, chars, { start: 0, ...options })
  return end < 0 ? value : chars.slice(end).join('')
}

/** Removes the match of `pattern` at the end of `value` (`${x%p}`, `${x%%p}` when `longest`). */
export function trimSuffix(
  value: string,
  pattern: ShellPattern,
  options: { readonly longest: boolean; readonly charge: Charge },
): string {
  const mirrored = pattern.map((segment) => segment.toReversed()).reverse()
  const chars = split(value, options.charge)
  const end = matchPrefix(mirrored, chars.toReversed(), { start: 0, ...options })
  return end < 0 ? value : chars.slice(0, chars.length - end).join('')
}

/**
 * Replaces the first longest match of `pattern` in `value`, or `all` of them
 * (`${x/p/r}`, `${x//p/r}`). An empty pattern matches once, at the start.
 */
export function replacePattern(
  value: string,
  pattern: ShellPattern,
  options: {
    readonly replacement: string
    readonly all: boolean
    readonly charge: Charge
    readonly checkLength: CheckLength
  },
): string {
  const { replacement, all, charge, checkLength } = options
  if (pattern.length === 1 && pattern[0]?.length === 0) {
    return replacement + value
  }
  const chars = split(value, charge)
  const out: string[] = []
  let start = 0
  /** The length of the replacements alone. The rest of the result is no longer than the value. */
  let length = 0
  while (start <= chars.length) {
    const end = matchPrefix(pattern, chars, { start, longest: true, charge })
    if (end === HOPELESS) {
      break
    }
    if (end > start || (end === start && start === chars.length && out.length === 0)) {
      length += replacement.length
      checkLength(length)
      out.push(replacement)
      start = end
      if (!all || start >= chars.length) {
        break
      }
    } else {
      out.push(chars[start] ?? '')
      start++
    }
  }
  charge(chars.length - Math.min(start, chars.length))
  return out.join('') + chars.slice(start).join('')
}

function split(value: string, charge: Charge): string[] {
  // Splitting a text costs about eight comparisons for each character.
  charge(8 * value.length)
  return Array.from(value)
}
