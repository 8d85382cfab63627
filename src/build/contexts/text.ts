import { StrakeError } from '#oci'

/** The most bytes of a Dockerfile or an ignore file. */
export const maxTextSize: number = 10 * 1024 * 1024

/** Decodes a text file. Throws `INVALID` for a file with a NUL byte. */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (!bytes.includes(0)) return new TextDecoder().decode(bytes)
  throw new StrakeError('INVALID', `Cannot read ${name}: it is not text in UTF-8`)
}
