import { ContentMismatchError, type Descriptor } from '#oci'
import { at } from '#platform'
import { type Bytes, crc32, verified } from '#stream'
import { openPlainFile } from './file.ts'

/** Eight hexadecimal digits. */
const attribute = Buffer.from('user.strake.crc32')

/**
 * Notes the CRC-32 of content on its open file, so that a read can tell damage
 * without hashing: that costs a twentieth. Whoever may change the note may change
 * the content; what a digest is asked for, against an attacker, `verified` proves.
 * Where files have no attributes nothing is noted.
 */
export function noteChecksum(descriptor: number, checksum: number): void {
  try {
    at.setAttribute(descriptor, attribute, Buffer.from(digits(checksum)))
  } catch {}
}

/** What was noted on a file, if anything was. */
export async function notedChecksum(path: string): Promise<number | undefined> {
  try {
    await using file = await openPlainFile(path)
    const noted = Buffer.from(at.readAttribute(file.fd, attribute) ?? []).toString()
    return /^[0-9a-f]{8}$/.test(noted) ? Number.parseInt(noted, 16) : undefined
  } catch {
    return undefined
  }
}

/**
 * Passes on the bytes that `open` gives as `verified` does, proving them by their
 * CRC-32. When that differs the digest decides, for the note may be what is wrong:
 * `open` is called again then. Throws `ContentMismatchError`.
 */
export async function* checked(
  open: () => Bytes,
  target: Descriptor,
  checksum: number,
): AsyncGenerator<Uint8Array> {
  let [size, sum] = [0, 0]
  for await (const chunk of open()) {
    size += chunk.length
    if (size > target.size) break
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (size === target.size && sum === checksum) return
  let again = 0
  try {
    for await (const chunk of verified(open(), target)) again = crc32(chunk, again)
  } catch (cause) {
    if (cause instanceof ContentMismatchError) throw cause
    // Gone meanwhile, perhaps: what was passed on is not proved, and must not be passed on again.
    throw new ContentMismatchError('content', named(checksum), named(sum), { cause })
  }
  if (again !== sum) throw new ContentMismatchError('content', named(again), named(sum))
}

function named(checksum: number): string {
  return `CRC-32 ${digits(checksum)}`
}

function digits(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
