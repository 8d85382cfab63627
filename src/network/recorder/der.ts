/** The types of ASN.1 that a certificate needs, in DER. @see https://www.itu.int/rec/T-REC-X.690 */

function encode(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  const digits = length < 0x80 ? [] : length < 0x100 ? [length] : [length >> 8, length & 0xff]
  const head = digits.length === 0 ? [tag, length] : [tag, 0x80 | digits.length, ...digits]
  return Buffer.concat([Buffer.from(head), content])
}

export const sequence = (...items: readonly Uint8Array[]): Buffer =>
  encode(0x30, Buffer.concat(items))

export const set = (...items: readonly Uint8Array[]): Buffer => encode(0x31, Buffer.concat(items))

export const octets = (bytes: Uint8Array): Buffer => encode(0x04, bytes)

export const text = (value: string): Buffer => encode(0x0c, Buffer.from(value))

export const boolean = (value: boolean): Buffer => encode(0x01, Buffer.from([value ? 0xff : 0]))

/** A number without a sign, from its bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const needsZero = (bytes[0] ?? 0) >= 0x80
  return encode(0x02, needsZero ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

/** `unused` bits at the end do not count. */
export function bits(bytes: Uint8Array, unused = 0): Buffer {
  return encode(0x03, Buffer.concat([Buffer.from([unused]), bytes]))
}

/** A member with a number of its own: of a value, or of the members of one. */
export function tagged(number: number, content: Uint8Array, isConstructed = true): Buffer {
  return encode((isConstructed ? 0xa0 : 0x80) | number, content)
}

/** A time to the second. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return encode(0x18, Buffer.from(digits))
}

/** An object identifier, such as `2.5.29.17`. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const digits = rest.flatMap((number) => {
    const groups = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) groups.unshift(0x80 | (left & 0x7f))
    return groups
  })
  return encode(0x06, Buffer.from([first * 40 + second, ...digits]))
}
