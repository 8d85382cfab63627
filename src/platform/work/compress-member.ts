/** The settings that turn a chunk into a gzip member or a zstd frame. */
export interface Compression {
  readonly format: 'gzip' | 'zstd'
  /** gzip 1 to 9, zstd 1 to 19. */
  readonly level: number
}

const zlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib')

/**
 * The name of the compressor: the same name and chunk always give the same bytes. Bun compresses
 * gzip with libdeflate, which takes a third of zlib's time for the same size.
 */
export function compressorName({ format, level }: Compression): string {
  const { libdeflate, zlib: ownZlib, zstd } = process.versions
  const gzip = libdeflate === undefined ? `zlib ${ownZlib}` : `libdeflate ${libdeflate}`
  return `${format} ${level}, ${format === 'zstd' ? `zstd ${zstd}` : gzip}`
}

/**
 * Compresses a chunk, which may be in shared memory, in this thread. Frames of zstd contain no
 * checksum, because the digest protects the content.
 */
export function compressMember(
  chunk: Uint8Array,
  { format, level }: Compression,
): Uint8Array<ArrayBuffer> {
  if (typeof Bun !== 'undefined') {
    const bytes = chunk as Uint8Array<ArrayBuffer>
    if (format === 'zstd') return Bun.zstdCompressSync(bytes, { level }) as Buffer<ArrayBuffer>
    return Bun.gzipSync(bytes, { library: 'libdeflate', level: level as 1 })
  }
  const { constants, gzipSync, zstdCompressSync } = zlib()
  // A buffer for the whole result.
  const chunkSize = chunk.length + 4096
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  return format === 'gzip'
    ? new Uint8Array(gzipSync(chunk, { level, chunkSize }))
    : new Uint8Array(zstdCompressSync(chunk, { params, chunkSize }))
}

/** True when `member` is complete and decompresses to exactly `chunk`. */
export function isMemberOf(
  member: Uint8Array<ArrayBuffer>,
  chunk: Uint8Array,
  { format }: Compression,
): boolean {
  // The decoders of node:zlib accept a frame without its end, and zlib in Node accepts bytes after
  // the end.
  if (typeof Bun === 'undefined') return false
  const size = Math.max(chunk.length, 64)
  try {
    const bytes =
      format === 'gzip'
        ? zlib().gunzipSync(member, { maxOutputLength: size, chunkSize: size })
        : Bun.zstdDecompressSync(member)
    return Buffer.compare(bytes, chunk) === 0
  } catch {
    return false
  }
}
