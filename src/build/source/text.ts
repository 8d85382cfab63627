import { StrakeError } from '#oci'

/** Bytes of a Dockerfile, and of an ignore file. */
export const maxTextSize: number = 10 * 1024 * 1024

/** The text of a file that people write. Throws `INVALID` for one that programs write. */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (!bytes.includes(0)) return new TextDecoder().decode(bytes)
  throw new StrakeError('INVALID', `Cannot read ${name}: it is not text in UTF-8`)
}
