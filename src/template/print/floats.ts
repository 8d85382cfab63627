import type { ByteText } from '../text/utf8.ts'
import { type Decimal, roundDigits, roundFixed, shortest, splitDouble } from './decimal.ts'
import { type Flags, pad } from './flags.ts'
import { signOf } from './integers.ts'

/** Formats a double. Returns `undefined` for a verb of other types. */
export function formatFloat(value: number, verb: string, flags: Flags): ByteText | undefined {
  const letter = verb === 'v' ? 'g' : verb === 'F' ? 'f' : verb
  if (!'bgGxXfeE'.includes(letter)) return undefined
  if (!Number.isFinite(value)) return formatSpecial(value, flags)
  const usual = 'feE'.includes(letter) ? 6 : -1
  const precision = flags.precision ?? usual
  const isNegative = value < 0 || Object.is(value, -0)
  let text = unsigned(Math.abs(value), letter, precision)
  if (flags.sharp && letter !== 'b') text = withPoint(text, letter, precision)
  const sign = signOf(isNegative, flags)
  if (flags.zero && !flags.minus && sign !== '') {
    return sign + text.padStart((flags.width ?? 0) - 1, '0')
  }
  return pad(sign + text, flags)
}

/** Zeros never pad these, and only an infinity has a sign unless a flag asks for it. */
function formatSpecial(value: number, flags: Flags): ByteText {
  if (Number.isNaN(value)) return pad(`${signOf(false, flags)}NaN`, flags, ' ')
  return pad(value < 0 ? '-Inf' : `${signOf(false, flags) || '+'}Inf`, flags, ' ')
}

/** A negative precision asks for the shortest form. */
function unsigned(value: number, verb: string, precision: number): string {
  switch (verb) {
    case 'b':
      return binary(value)
    case 'x':
      return hexadecimal(value, precision)
    case 'X':
      return hexadecimal(value, precision).toUpperCase()
    case 'f':
      return precision < 0 ? fixed(shortest(value)) : fixed(roundFixed(value, precision), precision)
    case 'e':
    case 'E':
      return precision < 0
        ? exponential(shortest(value), verb)
        : exponential(roundDigits(value, precision + 1), verb, precision)
    default:
      return general(value, verb, precision)
  }
}

function fixed({ digits, point }: Decimal, places = Math.max(digits.length - point, 0)): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(digits === '' ? 0 : -point) + digits
  return places === 0 ? whole : `${whole}.${fraction.padEnd(places, '0')}`
}

function exponential(
  { digits, point }: Decimal,
  letter: string,
  places = Math.max(digits.length - 1, 0),
): string {
  const exponent = digits === '' ? 0 : point - 1
  const fraction = digits.slice(1).padEnd(places, '0')
  const sign = exponent < 0 ? '-' : '+'
  const power = String(Math.abs(exponent)).padStart(2, '0')
  return `${digits[0] ?? '0'}${places === 0 ? '' : `.${fraction}`}${letter}${sign}${power}`
}

/** Chooses between both forms by the size of the exponent. */
function general(value: number, verb: string, precision: number): string {
  const isShortest = precision < 0
  const decimal = isShortest ? shortest(value) : roundDigits(value, precision || 1)
  const { digits, point } = decimal
  const exponent = digits === '' ? -1 : point - 1
  let limit = isShortest ? 6 : precision || 1
  if (!isShortest && limit > digits.length && digits.length >= point) limit = digits.length
  return exponent < -4 || exponent >= limit
    ? exponential(decimal, verb === 'G' ? 'E' : 'e')
    : fixed(decimal)
}

/** `4503599627370496p-52` */
function binary(value: number): string {
  const { mantissa, exponent } = splitDouble(value)
  return `${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}

/** `0x1.8p+01` */
function hexadecimal(value: number, precision: number): string {
  let { mantissa, exponent } = splitDouble(value)
  if (mantissa === 0n) exponent = -52
  while (mantissa !== 0n && mantissa < 0x10000000000000n) {
    mantissa <<= 1n
    exponent--
  }
  let places = 13
  if (precision >= 0 && precision < places) {
    const shift = BigInt(4 * (places - precision))
    const half = 1n << (shift - 1n)
    const rest = mantissa & ((1n << shift) - 1n)
    mantissa >>= shift
    if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa++
    places = precision
    if (mantissa >> BigInt(4 * places) === 2n) {
      mantissa >>= 1n
      exponent++
    }
  }
  const hex = mantissa.toString(16).padStart(places + 1, '0')
  const fraction =
    precision < 0 ? hex.slice(1).replace(/0+$/, '') : hex.slice(1).padEnd(precision, '0')
  const power = exponent + 52
  const sign = power < 0 ? '-' : '+'
  const digits = String(Math.abs(power)).padStart(2, '0')
  return `0x${hex[0]}${fraction === '' ? '' : `.${fraction}`}p${sign}${digits}`
}

/** The sharp flag: always a point, and zeros up to the precision for verbs that drop them. */
function withPoint(text: string, verb: string, precision: number): string {
  const at = text.search(verb === 'x' || verb === 'X' ? /p/i : /e/i)
  const number = at < 0 ? text : text.slice(0, at)
  const tail = at < 0 ? '' : text.slice(at)
  const pointed = number.includes('.') ? number : `${number}.`
  if (!'gGx'.includes(verb)) return pointed + tail
  const wanted = precision < 0 ? 6 : precision
  const significant = number.replace('.', '').replace(/^0+/, '').length
  const counted = number === '0' ? 1 : significant
  return pointed + '0'.repeat(Math.max(0, wanted - counted)) + tail
}
