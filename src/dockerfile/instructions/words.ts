import { Problem } from '../problem.ts'

/** Splits text at white space. Quotes are ordinary characters. */
export function splitSpace(text: string): string[] {
  return text === '' ? [] : text.split(/\s+/)
}

/** Splits a line at white space. Quotes and escapes protect white space and stay in the words. */
export function splitWords(text: string, escapeChar: string): string[] {
  // Most lines have neither, and are split much faster.
  if (!/["']/.test(text) && !text.includes(escapeChar)) return text.match(/\S+/g) ?? []
  const words: string[] = []
  let start = -1
  let quote = ''
  for (let at = 0; at <= text.length; at++) {
    const char = text[at]
    const ends = char === undefined || (quote === '' && /\s/.test(char))
    if (ends) {
      if (start >= 0) {
        words.push(text.slice(start, at))
      }
      start = -1
      continue
    }
    if (start < 0) {
      start = at
    }
    if (char === escapeChar && quote !== "'") {
      at++
    } else if (quote !== '') {
      quote = char === quote ? '' : quote
    } else if (char === '"' || char === "'") {
      quote = char
    }
  }
  if (start >= 0) {
    words.push(text.slice(start))
  }
  return words
}

/**
 * Reads a JSON array of strings. Returns undefined for any other text, which is in
 * shell form. Throws a Problem for an array with other values.
 */
export function parseJsonForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) {
    return undefined
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    const message = 'when using JSON array syntax, arrays must be comprised of strings only'
    throw new Problem('invalid-json', message)
  }
  return value
}
