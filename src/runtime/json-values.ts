/**
 * The values of a text that holds JSON objects one after the other, with or
 * without line feeds between and inside them. What is no object is passed over;
 * so is one that is cut off.
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
