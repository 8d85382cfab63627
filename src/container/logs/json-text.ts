/** The most bytes of JSON that a byte of text becomes. */
export const widest = 6

/** A part of some memory. A view of it for each line of a log would be much garbage. */
export interface Span {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

const replacement = [0xef, 0xbf, 0xbd] as const
const [quote, backslash] = [0x22, 0x5c]

/** The letter after a backslash for each byte that has one, `u` for other control characters, else 0. */
const escapes: Uint8Array = Uint8Array.from({ length: 128 }, (_, byte) => {
  const written = JSON.stringify(String.fromCharCode(byte))
  return written[1] === '\\' ? written.charCodeAt(2) : 0
})
const letterU = 0x75
const digits: Uint8Array = Buffer.from('0123456789abcdef')

/**
 * Writes text in UTF-8 as the JSON string of it, with its quotes, into `target` at `at`, and returns the
 * end. Bytes that are not UTF-8 become U+FFFD, as `TextDecoder` does it. The result is what `JSON.stringify`
 * makes of the decoded text, without a step through strings, which takes ten times as long for binary data.
 * `target` needs space for two quotes and `widest` times the text.
 */
export function writeJsonText(text: Span, target: Uint8Array, at: number): number {
  const { bytes } = text
  let end = at
  target[end++] = quote
  for (let index = text.start; index < text.end; ) {
    const byte = bytes[index] as number
    if (byte < 0x80) {
      const letter = escapes[byte] as number
      index += 1
      if (letter === 0) {
        target[end++] = byte
        continue
      }
      target[end++] = backslash
      target[end++] = letter
      if (letter !== letterU) continue
      target[end++] = 0x30
      target[end++] = 0x30
      target[end++] = digits[byte >> 4] as number
      target[end++] = digits[byte & 15] as number
      continue
    }
    const length = characterSize(text, index)
    if (length > 0) {
      for (const last = index + length; index < last; index++)
        target[end++] = bytes[index] as number
      continue
    }
    index -= length
    for (const part of replacement) target[end++] = part
  }
  target[end++] = quote
  return end
}

/**
 * Returns the size of the character of several bytes at `start`. If it is not valid or not complete, returns
 * minus the number of bytes that one U+FFFD replaces: the longest beginning of a valid character, or one byte.
 */
function characterSize({ bytes, end }: Span, start: number): number {
  const first = bytes[start] as number
  const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (size === 0) return -1
  // The second byte rules out other spellings of shorter characters, surrogates and numbers above U+10FFFF.
  let lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  let highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  for (let offset = 1; offset < size; offset++) {
    const byte = start + offset < end ? (bytes[start + offset] as number) : 0
    if (byte < lowest || byte > highest) return -offset
    lowest = 0x80
    highest = 0xbf
  }
  return size
}
