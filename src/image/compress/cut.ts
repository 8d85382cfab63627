/** The least size of a piece, in bytes; the last piece may be shorter. */
export const minMemberSize: number = 512 * 1024

const blockSize = 512
const checksumEnd = 154
const magicAt = 257
const magic = [0x75, 0x73, 0x74, 0x61, 0x72] as const

/**
 * Returns where an archive may be cut into pieces that are compressed separately: at headers whose
 * checksum is a multiple of 16. The bytes before a header do not matter, so two archives have the
 * same cuts again shortly after a change. `bytes` begins at a multiple of 512 in the archive.
 * Returns the first cut at or after `from`; `undefined` when there is none or its block is
 * incomplete.
 */
export function findCut(bytes: Uint8Array, from: number): number | undefined {
  const first = Math.ceil(from / blockSize) * blockSize
  for (let at = first; at + blockSize <= bytes.length; at += blockSize) {
    if (bytes[at + magicAt] === magic[0] && isCut(bytes, at)) return at
  }
  return undefined
}

/** Contents of files that look like such a header do no harm: equal bytes are always cut alike. */
function isCut(bytes: Uint8Array, at: number): boolean {
  if (magic.some((byte, index) => bytes[at + magicAt + index] !== byte)) return false
  // The checksum has six octal digits: tests the last one and the lowest bit of the one before.
  const last = bytes[at + checksumEnd - 1] ?? 0
  const before = bytes[at + checksumEnd - 2] ?? 0
  return (last & 7) === 0 && (before & 1) === 0
}
