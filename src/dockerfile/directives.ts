import type { Directives, Range } from './ast.ts'
import { trimEol } from './lines.ts'
import { Problem } from './problem.ts'

export interface DirectiveResult {
  readonly directives: Directives
  readonly problems: readonly Problem[]
  /** The range of the check directive, if there is one. */
  readonly checkRange: Range | undefined
  /** True when the syntax directive has a form that is not a comment of a Dockerfile. */
  readonly isForeign: boolean
}

/**
 * Reads the parser directives at the top of a Dockerfile. They end at the first
 * other line. A `#!` line may precede them. The syntax directive may also be
 * `// syntax=…` or `{"syntax": "…"}`.
 */
export function readDirectives(text: string): DirectiveResult {
  const problems: Problem[] = []
  const found = new Map<string, string>()
  let checkRange: Range | undefined
  for (const { name, value, range } of directiveLines(text, '#')) {
    if (found.has(name)) {
      const message = `only one ${name} parser directive can be used`
      problems.push(new Problem('duplicate-directive', message, range))
    } else if (name === 'escape' && value !== '\\' && value !== '`') {
      const message = `invalid escape token '${value}' does not match \` or \\`
      problems.push(new Problem('invalid-directive', message, range))
    } else {
      found.set(name, value)
      if (name === 'check') checkRange = range
    }
  }
  const foreign = found.size === 0 ? foreignSyntax(text) : undefined
  const syntax = found.get('syntax') ?? foreign
  const check = found.get('check')
  return {
    directives: {
      escape: found.get('escape') === '`' ? '`' : '\\',
      syntax,
      check,
    },
    problems,
    checkRange,
    isForeign: foreign !== undefined,
  }
}

/** A directive as a comment line without white space at both ends. */
export const directivePattern: RegExp = /^#\s*(syntax|escape|check)\s*=\s*(\S.*?)\s*$/i

interface DirectiveLine {
  readonly name: string
  readonly value: string
  readonly range: Range
}

function* directiveLines(text: string, prefix: '#' | '//'): Generator<DirectiveLine> {
  let at = text.startsWith('#!') ? nextLine(text, 0) : 0
  for (let line = at > 0 ? 2 : 1; at < text.length; line++) {
    const end = nextLine(text, at)
    const raw = trimEol(text.slice(at, end))
    at = end
    const body = raw.trim()
    if (!body.startsWith(prefix)) {
      return
    }
    const rest = body.slice(prefix.length).trimStart()
    const equals = rest.indexOf('=')
    const name = rest.slice(0, Math.max(equals, 0)).trimEnd().toLowerCase()
    const value = rest.slice(equals + 1).trim()
    if (!['escape', 'syntax', 'check'].includes(name) || value === '') {
      return
    }
    const range = { start: { line, column: 0 }, end: { line, column: raw.length } }
    yield { name, value, range }
  }
}

function nextLine(text: string, at: number): number {
  const found = text.indexOf('\n', at)
  return found < 0 ? text.length : found + 1
}

function foreignSyntax(text: string): string | undefined {
  for (const { name, value } of directiveLines(text, '//')) {
    if (name === 'syntax') {
      return value
    }
  }
  const start = text.startsWith('#!') ? nextLine(text, 0) : 0
  if (!/^\s{0,1024}\{/.test(text.slice(start, start + 1025))) {
    return undefined
  }
  try {
    const value: unknown = JSON.parse(text.slice(start))
    if (typeof value === 'object' && value !== null && 'syntax' in value) {
      return typeof value.syntax === 'string' ? value.syntax : undefined
    }
  } catch {
    // Without JSON it is an ordinary Dockerfile.
  }
  return undefined
}
