/** A `#`, `%` or `/` pattern of a substitution that cannot be read. */
export class ShellPatternError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ShellPatternError'
  }
}

/** The literal runs between the stars; `null` stands for `?`. N stars make N + 1 segments. */
export type ShellPattern = readonly (readonly (string | null)[])[]

/** Called with the number of comparisons about to be made; throws to stop. */
export type Charge = (steps: number) => void

/** Called with the length that the result is about to have; throws to stop. */
export type CheckLength = (length: number) => void

/**
 * Reads `*` (any run), `?` (any one character) and `escapeChar` before `*`, `?`,
 * itself, `}` and `/`. There are no brackets: `[` is an ordinary character.
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

/** Nothing matches here. */
const MISS = -1
/** Nothing matches here, nor anywhere further on. */
const HOPELESS = -2

/** The end of the shortest or longest match of `pattern` that starts at `start`, or a negative number. */
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

/** `value` without what `pattern` matches at its start (`${x#p}`, `${x##p}` when `longest`). */
export function trimPrefix(
  value: string,
  pattern: ShellPattern,
  options: { readonly longest: boolean; readonly charge: Charge },
): string {
  const chars = split(value, options.charge)
  const end = matchPrefix(pattern, chars, { start: 0, ...options })
  return end < 0 ? value : chars.slice(end).join('')
}

/** `value` without what `pattern` matches at its end (`${x%p}`, `${x%%p}` when `longest`). */
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
 * `value` with the first longest match of `pattern`, or `all` of them, replaced
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
  /** Of the replacements alone: what stays of the value is no longer than the value. */
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
  // Taking a text apart costs about as much as eight comparisons for each character.
  charge(8 * value.length)
  return Array.from(value)
}
