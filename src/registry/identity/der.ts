/** An element of DER: a tag, and the bytes of its value. */
export interface DerElement {
  readonly tag: number
  readonly value: Uint8Array
}

/** Tags that certificates use. */
export const derTag = {
  objectId: 0x06,
  octets: 0x04,
  sequence: 0x30,
  set: 0x31,
  extensions: 0xa3,
  version: 0xa0,
} as const

/** Returns the elements of a value, one after the other. Throws `RangeError` for broken DER. */
export function derElements(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const { start, size } = lengthAt(bytes, at + 1)
    const value = bytes.subarray(start, start + size)
    if (value.length !== size) throw new RangeError('DER ends early')
    elements.push({ tag: bytes[at] ?? 0, value })
    at = start + size
  }
  return elements
}

/** Returns the elements inside the one element that `bytes` are. */
export function derContent(bytes: Uint8Array): readonly DerElement[] {
  const [only, ...others] = derElements(bytes)
  if (only === undefined || others.length > 0) throw new RangeError('DER is not one element')
  return derElements(only.value)
}

function lengthAt(
  bytes: Uint8Array,
  at: number,
): { readonly start: number; readonly size: number } {
  const first = bytes[at] ?? 0xff
  if (first < 0x80) return { start: at + 1, size: first }
  const count = first & 0x7f
  if (count === 0 || count > 3) throw new RangeError('DER has an odd length')
  let size = 0
  for (let index = 1; index <= count; index += 1) size = size * 256 + (bytes[at + index] ?? 0)
  return { start: at + 1 + count, size }
}
