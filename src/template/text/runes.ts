const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
const letter = /^\p{L}$/u
const digit = /^\p{Nd}$/u

/** Reports whether a code point is shown as it is: no control character, and no space but U+0020. */
export function isPrintable(code: number): boolean {
  if (code < 0x7f) return code >= 0x20
  return code <= 0x10ffff && printable.test(String.fromCodePoint(code))
}

/** Reports whether a code point can be part of a name. */
export function isWordRune(code: number): boolean {
  if (code < 0) return false
  const character = String.fromCodePoint(code)
  return character === '_' || letter.test(character) || digit.test(character)
}

/** Returns the simple upper case. A character whose upper case is several characters stays. */
export function upperRune(code: number): number {
  const [first, ...rest] = String.fromCodePoint(code).toUpperCase()
  return rest.length > 0 || first === undefined ? code : (first.codePointAt(0) ?? code)
}

/** Upper case letters such as `Ǆ`, behind which `ǅ` follows: large at the beginning, and small at the end. */
const digraphs: ReadonlySet<number> = new Set([0x1c4, 0x1c7, 0x1ca, 0x1f1])

/** Returns the case for the first letter of a word. */
export function titleRune(code: number): number {
  const upper = upperRune(code)
  return digraphs.has(upper) ? upper + 1 : upper
}

/** Returns the simple lower case. */
export function lowerRune(code: number): number {
  const [first] = String.fromCodePoint(code).toLowerCase()
  return first?.codePointAt(0) ?? code
}
