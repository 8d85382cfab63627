/** The reversed polynomial of CRC-32. */
const polynomial = 0xedb88320
/** The polynomial 1: the highest bit is the coefficient of x^0. */
const one = 0x80000000

/** Multiplies two polynomials modulo that of CRC-32. */
function multiply(a: number, b: number): number {
  let product = 0
  let factor = b
  for (let bits = a | 0; bits !== 0; bits <<= 1) {
    if (bits < 0) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1
  }
  return product >>> 0
}

/** x^(8 * 2^n) modulo the polynomial, for each bit n of a number of bytes. */
const powers: number[] = [one >>> 8]

function power(bit: number): number {
  while (powers.length <= bit) {
    const last = powers.at(-1) ?? one
    powers.push(multiply(last, last))
  }
  return powers[bit] ?? one
}

/** Returns the CRC-32 of two pieces, the second of `length` bytes, from the CRC-32 of each. */
export function joinChecksums(first: number, second: number, length: number): number {
  let shifted = first
  for (let bit = 0, rest = length; rest > 0; bit++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shifted = multiply(shifted, power(bit))
  }
  return (shifted ^ second) >>> 0
}
