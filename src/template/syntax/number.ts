import { quote } from '../text/quote.ts'
import { readCharacter } from '../text/unquote.ts'
import type { ByteText } from '../text/utf8.ts'
import type { NumberConstant } from './node.ts'

/** Reads a character constant. Returns the reason if its syntax is bad. */
export function parseCharacter(text: ByteText): NumberConstant | string {
  const character = readCharacter(text, 1, "'")
  if (character === undefined) return 'invalid syntax'
  if (text.slice(character.next) !== "'") return `malformed character constant: ${text}`
  const int = BigInt(character.code)
  return { text, int, uint: int, float: character.code }
}

const maxInt = 0x7fffffffffffffffn
const minInt = -0x8000000000000000n
const maxUint = 0xffffffffffffffffn

/** Reads an integer, a float or an imaginary constant. Returns the reason if its syntax is bad. */
export function parseNumber(text: ByteText): NumberConstant | string {
  if (text.endsWith('i')) {
    const imaginary = parseFloating(text.slice(0, -1))
    if (imaginary !== undefined) return simplify(text, 0, imaginary)
  }
  const integer = parseInteger(text)
  if (integer !== undefined) return integerConstant(text, integer)
  const float = parseFloating(text)
  if (float === undefined) return `illegal number syntax: ${quote(text)}`
  // An integer that is too large also reads as a float.
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${quote(text)}`
  return { text, float, ...integersOf(float) }
}

function integerConstant(text: ByteText, integer: bigint): NumberConstant | string {
  const int = integer >= minInt && integer <= maxInt ? integer : undefined
  const hasSign = /^[+-]/.test(text)
  const isUint = integer >= 0n && integer <= maxUint && (!hasSign || integer === 0n)
  const uint = isUint ? integer : undefined
  if (int === undefined && uint === undefined) return `integer overflow: ${quote(text)}`
  return { text, int, uint, float: Number(integer) }
}

/** The integers that a float is equal to. */
function integersOf(float: number): Pick<NumberConstant, 'int' | 'uint'> {
  if (!Number.isInteger(float)) return {}
  const integer = BigInt(float)
  return {
    int: integer >= minInt && integer <= maxInt ? integer : undefined,
    uint: integer >= 0n && integer <= maxUint ? integer : undefined,
  }
}

/** Reads a complex constant: `1+2i`. */
export function parseComplex(text: ByteText): NumberConstant | string {
  const at = text.search(/(?<=[^eEpP])[+-](?=[^+-]*i$)/)
  const real = parseFloating(text.slice(0, at))
  const imaginary = parseFloating(text.slice(at, -1))
  if (at < 1 || real === undefined || imaginary === undefined) {
    return 'syntax error scanning complex number'
  }
  return simplify(text, real, imaginary)
}

/** A complex constant without an imaginary part is a number of every other type too. */
function simplify(text: ByteText, real: number, imaginary: number): NumberConstant {
  const complex = { real, imaginary }
  return imaginary === 0 ? { text, complex, float: real, ...integersOf(real) } : { text, complex }
}

const forms: readonly (readonly [RegExp, string])[] = [
  [/^0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*$/, '0x'],
  [/^0[bB]_?[01]+(?:_[01]+)*$/, '0b'],
  [/^0[oO]_?[0-7]+(?:_[0-7]+)*$/, '0o'],
  [/^0_?[0-7]+(?:_[0-7]+)*$/, '0o'],
  [/^(?:0|[1-9][0-9]*(?:_[0-9]+)*)$/, ''],
]

/** Reads an integer of any base, with single underscores between digits. */
function parseInteger(text: ByteText): bigint | undefined {
  const isNegative = text.startsWith('-')
  const digits = text.replace(/^[+-]/, '')
  for (const [pattern, prefix] of forms) {
    if (!pattern.test(digits)) continue
    const plain = digits.replaceAll('_', '')
    const body = prefix === '' ? plain : plain.replace(/^0[xXbBoO]?/, '')
    const value = BigInt(prefix + body)
    return isNegative ? -value : value
  }
  return undefined
}

const decimal = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/
const hexadecimal = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/

/** Reads a float. An underscore is allowed in a hexadecimal float only. */
function parseFloating(text: ByteText): number | undefined {
  if (decimal.test(text)) {
    const float = Number(text)
    return Number.isFinite(float) ? float : undefined
  }
  const match = hexadecimal.exec(text.replaceAll(/(?<=[0-9a-fA-FxX])_(?=[0-9a-fA-F])/g, ''))
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  if (whole + fraction === '') return undefined
  const float = scale(BigInt(`0x${whole}${fraction}`), Number(exponent) - 4 * fraction.length)
  if (!Number.isFinite(float)) return undefined
  return sign === '-' ? -float : float
}

/** Returns `mantissa * 2^exponent`. */
function scale(mantissa: bigint, exponent: number): number {
  // Beyond these nothing but zero and infinity is left of any mantissa that fits a command line.
  const bounded = Math.max(-4000, Math.min(4000, exponent))
  if (bounded >= 0) return Number(mantissa << BigInt(bounded))
  const half = Math.trunc(bounded / 2)
  return Number(mantissa) * 2 ** half * 2 ** (bounded - half)
}
