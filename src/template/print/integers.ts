import { quoteRune } from '../text/quote.ts'
import { isPrintable } from '../text/runes.ts'
import { type ByteText, encodeRune } from '../text/utf8.ts'
import { type Flags, pad } from './flags.ts'

/** `isSigned` decides how `%v` shows it in Go's syntax. Returns `undefined` for a verb of other types. */
export function formatInteger(
  value: bigint,
  verb: string,
  flags: Flags,
  isSigned: boolean,
): ByteText | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpV && !isSigned
        ? digits(value, 16, verb, { ...flags, sharp: true })
        : digits(value, 10, verb, flags)
    case 'd':
      return digits(value, 10, verb, flags)
    case 'b':
      return digits(value, 2, verb, flags)
    case 'o':
    case 'O':
      return digits(value, 8, verb, flags)
    case 'x':
    case 'X':
      return digits(value, 16, verb, flags)
    case 'c':
      return pad(encodeRune(codeOf(value)), flags)
    case 'q':
      return pad(quoteRune(codeOf(value), { ascii: flags.plus }), flags)
    case 'U':
      return codePoint(value, flags)
    default:
      return undefined
  }
}

function codeOf(value: bigint): number {
  return value < 0n || value > 0x10ffffn ? 0xfffd : Number(value)
}

type Base = 2 | 8 | 10 | 16

function digits(value: bigint, base: Base, verb: string, flags: Flags): ByteText {
  const isNegative = value < 0n
  const { width, precision } = flags
  if (precision === 0 && value === 0n) return ' '.repeat(width ?? 0)
  let text = (isNegative ? -value : value).toString(base)
  const hasSign = isNegative || flags.plus || flags.space
  const isZeroPadded = precision === undefined && flags.zero && !flags.minus && width !== undefined
  text = text.padStart(isZeroPadded ? width - (hasSign ? 1 : 0) : (precision ?? 0), '0')
  text = prefix(base, verb, flags, text) + text
  if (verb === 'X') text = text.toUpperCase()
  return pad(signOf(isNegative, flags) + text, flags, ' ')
}

function prefix(base: Base, verb: string, { sharp }: Flags, text: string): string {
  const octal = verb === 'O' ? '0o' : ''
  if (!sharp || base === 10) return octal
  if (base === 8) return octal + (text.startsWith('0') ? '' : '0')
  return base === 2 ? '0b' : '0x'
}

export function signOf(isNegative: boolean, { plus, space }: Flags): string {
  if (isNegative) return '-'
  if (plus) return '+'
  return space ? ' ' : ''
}

/** `U+0041`, or `U+0041 'A'` with the sharp flag. */
function codePoint(value: bigint, flags: Flags): ByteText {
  const unsigned = BigInt.asUintN(64, value)
  const hex = unsigned.toString(16).toUpperCase()
  const isShown = flags.sharp && unsigned <= 0x10ffffn && isPrintable(Number(unsigned))
  const shown = isShown ? ` '${encodeRune(Number(unsigned))}'` : ''
  return pad(`U+${hex.padStart(Math.max(4, flags.precision ?? 0), '0')}${shown}`, flags, ' ')
}
