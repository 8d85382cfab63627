import { closeFile } from '../call/posix.ts'
import { openPlainFile } from './plain-file.ts'
import { readAttribute, setAttribute } from './root-metadata.ts'

/** Eight hexadecimal digits. */
const attribute = Buffer.from('user.strake.crc32')

/**
 * Notes the CRC-32 of content on its open file, so that a read can detect damage without hashing,
 * which takes twenty times as long. A program that can change the note can change the content, so
 * only the digest protects against an attacker. Does nothing on a file system without extended
 * attributes.
 */
export function noteChecksum(descriptor: number, checksum: number): void {
  try {
    const digits = checksum.toString(16).padStart(8, '0')
    setAttribute(descriptor, attribute, Buffer.from(digits))
  } catch {}
}

/** Returns the CRC-32 noted on a file, `undefined` without one. */
export function notedChecksum(path: string): number | undefined {
  try {
    const fd = openPlainFile(path)
    try {
      const noted = Buffer.from(readAttribute(fd, attribute) ?? []).toString()
      return /^[0-9a-f]{8}$/.test(noted) ? Number.parseInt(noted, 16) : undefined
    } finally {
      closeFile(fd)
    }
  } catch {
    return undefined
  }
}
