import { expand } from '../expand/expand.ts'
import { SubstitutionError } from '../expand/substitution-error.ts'
import { Problem } from '../problem.ts'

/** Nesting of parentheses and `!`. Nobody writes more, and each level takes a part of the stack. */
const maxDepth = 100

/** Words that mean no. All other words, and all texts but the empty one, mean yes. */
const negative = new Set(['', '0', 'false', 'no', 'off'])

const tokenPattern =
  /\s*(?:(\(|\)|&&|\|\||==|!=|!(?!=))|((?:"(?:[^"\\]|\\.)*"|'[^']*'|\$\{[^}]*\}|[^\s()!&|="'])+))/y

interface Token {
  readonly text: string
  readonly isOperator: boolean
}

/**
 * Returns whether the expression of an IF is true: words with variables, `==`, `!=`, `!`, `&&`,
 * `||` and parentheses. Throws `Problem` for an expression that cannot be read.
 */
export function evaluate(text: string, lookup: (name: string) => string | undefined): boolean {
  const tokens = tokenize(text)
  let at = 0
  const peek = (): string | undefined => (tokens[at]?.isOperator ? tokens[at]?.text : undefined)
  const take = (operator: string): boolean => {
    if (peek() !== operator) return false
    at++
    return true
  }
  const word = (): string => {
    const token = tokens[at]
    if (token === undefined || token.isOperator) {
      throw problem(
        `expected a word ${token === undefined ? 'at the end' : `before ${token.text}`}`,
      )
    }
    at++
    return expandWord(token.text, lookup)
  }
  const unary = (depth: number): boolean => {
    if (depth > maxDepth) throw problem(`it is nested more than ${maxDepth} times`)
    if (take('!')) return !unary(depth + 1)
    if (take('(')) {
      const value = either(depth + 1)
      if (!take(')')) throw problem('a parenthesis is not closed')
      return value
    }
    const left = word()
    if (take('==')) return left === word()
    if (take('!=')) return left !== word()
    return !negative.has(left.toLowerCase())
  }
  const both = (depth: number): boolean => {
    let value = unary(depth)
    // The other side is read in any case, so that its mistakes are found.
    while (take('&&')) value = unary(depth) && value
    return value
  }
  const either = (depth: number): boolean => {
    let value = both(depth)
    while (take('||')) value = both(depth) || value
    return value
  }
  const value = either(0)
  const rest = tokens[at]
  if (rest !== undefined) throw problem(`unexpected ${rest.text}`)
  return value
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const trimmed = text.trim()
  if (trimmed === '') throw problem('there is no expression')
  for (let at = 0; at < trimmed.length; at = tokenPattern.lastIndex) {
    tokenPattern.lastIndex = at
    const found = tokenPattern.exec(trimmed)
    if (found === null) throw problem(`cannot read ${trimmed.slice(at, at + 40).trim()}`)
    const [, operator, word] = found
    tokens.push({ text: operator ?? word ?? '', isOperator: operator !== undefined })
  }
  return tokens
}

function expandWord(word: string, lookup: (name: string) => string | undefined): string {
  try {
    return expand(word, lookup)
  } catch (error) {
    if (error instanceof SubstitutionError) throw problem(error.message)
    throw error
  }
}

function problem(reason: string): Problem {
  return new Problem('invalid-if', `invalid IF: ${reason}`)
}
