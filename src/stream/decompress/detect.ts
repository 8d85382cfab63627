/** The compression of a stream, from its first bytes. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2' | UnsupportedCompression

/** Compressions that are detected only to name them in an error. */
export type UnsupportedCompression = 'compress' | 'lzma' | 'lz4' | 'lzip' | 'lzop' | 'zip' | '7z'

/** The number of bytes that `detectCompression` needs. */
export const detectLength = 6

const signatures: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['compress', [0x1f, 0x9d]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50, 0x01]],
  ['lzop', [0x89, 0x4c, 0x5a, 0x4f, 0x00]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
]

/** Returns the compression by the first six bytes of a stream. A shorter stream may be `none`. */
export function detectCompression(head: Uint8Array): Compression {
  const isSkippableZstd =
    ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18
  if (isSkippableZstd) return 'zstd'
  if (isLzma(head)) return 'lzma'
  const match = signatures.find(([, magic]) => magic.every((byte, index) => head[index] === byte))
  return match?.[0] ?? 'none'
}

/** Recognizes the usual properties and a dictionary of 64 KiB or more; a tar has a name there. */
function isLzma(head: Uint8Array): boolean {
  const [properties, low, second, third = 0, high = 0] = head
  return properties === 0x5d && low === 0 && second === 0 && (third | high) !== 0
}
