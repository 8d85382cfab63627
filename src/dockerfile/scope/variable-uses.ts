/** A `$name` or `${name…}` in a text. */
export interface VariableUse {
  readonly name: string
  /** The range of the name, without `$` and braces. `end` is exclusive. */
  readonly start: number
  readonly end: number
  /** True for `${name:-word}`, `${name:+word}` and the like, which need no value. */
  readonly isOptional: boolean
}

export interface UseOptions {
  readonly escape: '\\' | '`'
  /** In the body of a heredoc, quotes are ordinary characters. */
  readonly hasQuotes: boolean
}

const variable = /\$(?:\{([A-Za-z_]\w*)(:?[-+?])?|([A-Za-z_]\w*))/y

/** Finds the variables of a text. In single quotes and after an escape character there are none. */
export function variableUses(
  text: string,
  { escape: escapeChar, hasQuotes }: UseOptions,
): VariableUse[] {
  const uses: VariableUse[] = []
  if (!text.includes('$')) return uses
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (quote === "'") {
      if (char === "'") quote = ''
    } else if (char === escapeChar) at++
    else if (char === '$') {
      variable.lastIndex = at
      const found = variable.exec(text)
      const name = found?.[1] ?? found?.[3]
      if (name === undefined) continue
      const start = at + (found?.[1] === undefined ? 1 : 2)
      uses.push({ name, start, end: start + name.length, isOptional: found?.[2] !== undefined })
      at = start + name.length - 1
    } else if (hasQuotes && (char === '"' || char === "'")) {
      quote = quote === '' ? char : quote === char ? '' : quote
    }
  }
  return uses
}
