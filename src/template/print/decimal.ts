/** The digits of a positive number: `0.d1d2d3… * 10^point`, without zeros at the end. */
export interface Decimal {
  readonly digits: string
  readonly point: number
}

/** A finite double as `mantissa * 2^exponent`. The mantissa has 53 bits unless the number is subnormal. */
export function splitDouble(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 }
}

/** Returns the fewest digits that mean this number and no other. */
export function shortest(value: number): Decimal {
  if (value === 0) return { digits: '', point: 0 }
  const [digits = '', exponent = '0'] = value.toExponential().replace('.', '').split('e')
  return { digits: digits.replace(/0+$/, ''), point: Number(exponent) + 1 }
}

/** No double has more digits than these, before or after the point. */
const mostDigits = 1100

/** Rounds to digits after the point. A tie goes to the even digit, because JavaScript's `toFixed` rounds up. */
export function roundFixed(value: number, places: number): Decimal {
  return fromInteger(scaled(value, Math.min(places, mostDigits)), Math.min(places, mostDigits))
}

/** Rounds to a number of digits, of which there is one at least. */
export function roundDigits(value: number, count: number): Decimal {
  if (value === 0) return { digits: '', point: 0 }
  const wanted = Math.min(count, mostDigits)
  const places = wanted - shortest(value).point
  const rounded = fromInteger(scaled(value, places), places)
  // 9.99 has one digit more after it was rounded.
  return rounded.digits.length > wanted ? roundDigits(value, wanted) : rounded
}

function fromInteger(integer: bigint, places: number): Decimal {
  const text = integer.toString()
  if (integer === 0n) return { digits: '', point: 0 }
  return { digits: text.replace(/0+$/, ''), point: text.length - places }
}

/** Returns `value * 10^places`, rounded to an integer. */
function scaled(value: number, places: number): bigint {
  const { mantissa, exponent } = splitDouble(value)
  let over = mantissa
  let under = 1n
  if (exponent >= 0) over <<= BigInt(exponent)
  else under <<= BigInt(-exponent)
  if (places >= 0) over *= 10n ** BigInt(places)
  else under *= 10n ** BigInt(-places)
  const quotient = over / under
  const twice = (over % under) * 2n
  const isUp = twice > under || (twice === under && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}
