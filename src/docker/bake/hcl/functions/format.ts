import { HclError } from '../hcl-error.ts'
import { boolOf, formatNumber, isList, numberOf, textOf, type Value } from '../value.ts'
import { defineMany, type FunctionTable } from './define.ts'
import { jsonOf } from './encoding.ts'

export const formats: FunctionTable = {
  format: defineMany('any', 1, (format, ...values) => formatText(textOf(format), values)),
  formatlist: defineMany('any', 1, formatList),
}

interface Verb {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly letter: string
}

const verbPattern = /%(?:%|([ +\-0#]*)(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([A-Za-z]))|%/g

/** Replaces verbs such as `%s` and `%03d` by values. Throws for other verbs and absent values. */
function formatText(format: string, values: readonly Value[]): string {
  let next = 0
  let most = 0
  let isNumbered = false
  const text = format.replaceAll(
    verbPattern,
    (whole, flags = '', width?: string, precision?: string, number?: string, letter?: string) => {
      if (whole === '%%') return '%'
      if (letter === undefined) throw new HclError(`there is no verb behind a % in the format`)
      if (number !== undefined) next = Number(number) - 1
      isNumbered ||= number !== undefined
      const value = values[next]
      if (value === undefined) throw new HclError(`there is no value for ${whole} in the format`)
      next += 1
      most = Math.max(most, next)
      const wanted = precision === undefined ? undefined : Number(precision)
      return formatValue(value, { flags, width: Number(width ?? 0), precision: wanted, letter })
    },
  )
  if (!isNumbered && most < values.length)
    throw new HclError('the format has fewer verbs than values')
  return text
}

/** The largest width and precision of a verb. */
const widest = 10_000

function formatValue(value: Value, verb: Verb): string {
  if (verb.width > widest || (verb.precision ?? 0) > 100) throw new HclError('a verb is too wide')
  const { letter, flags } = verb
  if (letter === 'v') {
    const isPlain = !flags.includes('#') && value !== null && typeof value !== 'boolean'
    if (isPlain && typeof value === 'string') return pad(value, verb)
    if (isPlain && typeof value === 'number') return pad(formatNumber(value), verb)
    return pad(jsonOf(value), verb)
  }
  if (letter === 't') return String(boolOf(value))
  if (letter === 's' || letter === 'q') {
    const text = [...textOf(value)].slice(0, verb.precision).join('')
    return pad(letter === 'q' ? JSON.stringify(text) : text, verb)
  }
  return padNumber(formatDigits(numberOf(value), verb), verb)
}

const bases: Readonly<Record<string, number>> = { b: 2, d: 10, o: 8, x: 16, X: 16 }

function formatDigits(value: number, { letter, precision }: Verb): string {
  const base = Object.hasOwn(bases, letter) ? bases[letter] : undefined
  if (base !== undefined) {
    if (!Number.isInteger(value)) throw new HclError(`%${letter} needs a whole number`)
    const digits = BigInt(value).toString(base)
    return letter === 'X' ? digits.toUpperCase() : digits
  }
  switch (letter) {
    case 'f':
      return value.toFixed(precision ?? 6)
    case 'e':
      return exponent(value.toExponential(precision ?? 6))
    case 'E':
      return exponent(value.toExponential(precision ?? 6)).toUpperCase()
    case 'g':
      return general(value, precision)
    case 'G':
      return general(value, precision).toUpperCase()
  }
  throw new HclError(`%${letter} in the format is unknown`)
}

/** Go writes at least two digits of an exponent. */
const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2')

function general(value: number, precision: number | undefined): string {
  const text = precision === undefined ? String(value) : value.toPrecision(Math.max(precision, 1))
  return exponent(text.includes('e') ? text : text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''))
}

function padNumber(digits: string, verb: Verb): string {
  const { flags, width } = verb
  const isNegative = digits.startsWith('-')
  const sign = isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const rest = isNegative ? digits.slice(1) : digits
  const isZeroed = flags.includes('0') && !flags.includes('-')
  return pad(sign + (isZeroed ? rest.padStart(width - sign.length, '0') : rest), verb)
}

const pad = (text: string, { flags, width }: Verb): string =>
  flags.includes('-') ? text.padEnd(width) : text.padStart(width)

/** Lists give one value to each text; other values are in all of them. */
function formatList(format: Value, ...values: readonly Value[]): Value {
  const lengths = new Set(values.filter(isList).map((list) => list.length))
  if (lengths.size > 1) throw new HclError('the lists have different lengths')
  const [length = 1] = lengths
  return Array.from({ length }, (_, index) => {
    const row = values.map((value) => (isList(value) ? (value[index] ?? null) : value))
    return formatText(textOf(format), row)
  })
}
