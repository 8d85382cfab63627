/** How a stream is compressed, by its first bytes. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2'

/** As many bytes as `detectCompression` looks at. */
export const detectLength = 6

const signatures: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
]

/** Returns the compression by the first six bytes of a stream. A shorter stream may be `none`. */
export function detectCompression(head: Uint8Array): Compression {
  const isSkippableZstd =
    ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18
  if (isSkippableZstd) return 'zstd'
  const match = signatures.find(([, magic]) => magic.every((byte, index) => head[index] === byte))
  return match?.[0] ?? 'none'
}
