/** How a chunk becomes a gzip member or a zstd frame of its own. */
export interface Compression {
  readonly format: 'gzip' | 'zstd'
  /** gzip 1 to 9, zstd 1 to 19. */
  readonly level: number
}

/**
 * Compresses a chunk in this thread. Bun has libdeflate, which takes a third of
 * the time that zlib needs for the same size; zstd frames carry a checksum.
 */
export function compressMember(
  chunk: Uint8Array<ArrayBuffer>,
  { format, level }: Compression,
): Uint8Array<ArrayBuffer> {
  if (format === 'gzip' && typeof Bun !== 'undefined') {
    return Bun.gzipSync(chunk, { library: 'libdeflate', level: level as 1 })
  }
  const { constants, gzipSync, zstdCompressSync } = process.getBuiltinModule('node:zlib')
  // Room for all of it at once.
  const chunkSize = chunk.length + 4096
  if (format === 'gzip') return gzipSync(chunk, { level, chunkSize })
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
  }
  return zstdCompressSync(chunk, { params, chunkSize })
}
