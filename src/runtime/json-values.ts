/**
 * Yields the JSON objects of a text in which they follow each other, with or without line
 * feeds between and inside them. Other text and an incomplete object are skipped.
 */
export function* jsonObjects(text: string): Generator<object> {
  let depth = 0
  let start = 0
  let isString = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isString) {
      if (character === '\\') at += 1
      else if (character === '"') isString = false
    } else if (character === '"' && depth > 0) isString = true
    else if (character === '{') {
      if (depth === 0) start = at
      depth += 1
    } else if (character === '}' && depth > 0) {
      depth -= 1
      const value = depth === 0 ? parse(text.slice(start, at + 1)) : undefined
      if (value !== undefined) yield value
    }
  }
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
