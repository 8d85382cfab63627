import { isStrakeError, StrakeError } from '#oci'
import { concat, gathered } from '../buffer.ts'
import type { Bytes } from '../bytes.ts'
import { counted } from '../limit.ts'
import { detectCompression, detectLength, type UnsupportedCompression } from './detect.ts'
import { type Decoder, pumped } from './pump.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** Returns `node:zlib`, loaded at the first use, because loading takes milliseconds. */
const zlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib')

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte

/** Smaller chunks are gathered, because each chunk is a round trip to the thread pool. */
const inputSize = mebibyte / 4

/** Large chunks, and a few of them ahead of the reader, so that decoding and hashing overlap. */
const buffers = { chunkSize: mebibyte / 4, highWaterMark: 2 * mebibyte }

/** Limits for the output of a small input. */
export interface DecompressLimits {
  /** Bytes of output. Default 100 GiB. */
  readonly size?: number
  /** Output bytes per input byte, once there are more than `ratioFrom`. Default 1000. */
  readonly ratio?: number
  /** Bytes of output below which any ratio is allowed. Default 1 GiB. */
  readonly ratioFrom?: number
}

export interface DecompressOptions extends DecompressLimits {
  /** Decodes xz and bzip2, which this folder cannot do. Without it such streams are refused. */
  readonly foreign?: (compression: 'xz' | 'bzip2', bytes: Bytes) => Bytes
}

/**
 * Yields the uncompressed bytes of a stream that is gzip, zstd or not compressed; the first bytes
 * decide which. Reads all gzip members and zstd frames, and drops zeros after them. Throws
 * `INVALID` for other bytes after them, for a truncated stream and for damage, `SIZE_INVALID` for a
 * bomb, and `UNSUPPORTED` for xz and bzip2 without `foreign`. Always reads the input to its end, so
 * that a digest of the input is complete.
 */
export async function* decompress(
  bytes: Bytes,
  limits: DecompressOptions = {},
): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(bytes)
  const compression = detectCompression(head)
  switch (compression) {
    case 'none':
      yield* bounded(all, () => Number.POSITIVE_INFINITY, limits)
      return
    case 'gzip':
      yield* gunzip(all, limits)
      return
    case 'zstd':
      yield* unzstd(all, limits)
      return
    case 'xz':
    case 'bzip2':
      if (limits.foreign !== undefined) {
        let input = 0
        const source = counted(all, (total) => {
          input = total
        })
        yield* bounded(limits.foreign(compression, source), () => input, limits)
        return
      }
  }
  await all.return(undefined)
  const known = limits.foreign === undefined ? 'gzip and zstd' : 'gzip, zstd, xz and bzip2'
  throw new StrakeError(
    'UNSUPPORTED',
    `Cannot decompress ${compression} data: only ${known} are supported`,
    { remedy: `decompress it first, for example with ${decoders[compression]}` },
  )
}

const decoders: Readonly<Record<'xz' | 'bzip2' | UnsupportedCompression, string>> = {
  xz: 'xz -d',
  bzip2: 'bzip2 -d',
  compress: 'uncompress',
  lzma: 'xz --format=lzma -d',
  lz4: 'lz4 -d',
  lzip: 'lzip -d',
  lzop: 'lzop -d',
  zip: 'unzip',
  '7z': '7z x',
}

/** `decompress` for a stream that must be gzip. */
export function gunzip(bytes: Bytes, limits: DecompressLimits = {}): AsyncGenerator<Uint8Array> {
  return decode('gzip', bytes, () => zlib().createGunzip(buffers), limits)
}

/** `decompress` for a stream that must be zstd. */
export function unzstd(bytes: Bytes, limits: DecompressLimits = {}): AsyncGenerator<Uint8Array> {
  const open = (): Decoder => {
    const { constants, createZstdDecompress } = zlib()
    const params = { [constants.ZSTD_d_windowLogMax]: 27 }
    return createZstdDecompress({ ...buffers, params })
  }
  return decode('zstd', framesOf(bytes), open, limits)
}

async function* decode(
  name: string,
  bytes: Bytes,
  open: () => Decoder,
  limits: DecompressLimits,
): AsyncGenerator<Uint8Array> {
  let input = 0
  const source = counted(bytes, (total) => {
    input = total
  })
  const output = pumped(gathered(source, inputSize), open(), (rest) => refuseData(name, rest))
  try {
    yield* bounded(output, () => input, limits)
  } catch (error) {
    throw explained(name, error)
  }
}

async function* bounded(
  bytes: Bytes,
  input: () => number,
  limits: DecompressLimits,
): AsyncGenerator<Uint8Array> {
  const { size = 100 * gibibyte, ratio = 1000, ratioFrom = gibibyte } = limits
  let output = 0
  for await (const chunk of bytes) {
    output += chunk.length
    if (output > size) throw bomb(`it has more than ${size} bytes`)
    if (output > ratioFrom && output > ratio * input()) {
      throw bomb(`it is more than ${ratio} times as large as its compressed form`)
    }
    yield chunk
  }
}

/** The bytes of a zstd stream without the zeros after its last frame. */
async function* framesOf(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames()
  for await (const chunk of bytes) {
    const used = frames.follow(chunk)
    if (used > 0) yield chunk.subarray(0, used)
    refuseData('zstd', chunk.subarray(used))
  }
  if (!frames.complete) {
    throw new StrakeError('INVALID', 'Cannot decompress zstd data: it ends too early')
  }
}

function refuseData(name: string, rest: Uint8Array): void {
  if (rest.every((byte) => byte === 0)) return
  throw new StrakeError(
    'INVALID',
    `Cannot decompress ${name} data: there is other data after its end`,
  )
}

function bomb(reason: string): StrakeError {
  return new StrakeError('SIZE_INVALID', `Cannot decompress data: ${reason}`)
}

function explained(name: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (isStrakeError(error) || typeof code !== 'string' || !/^Z(?:STD)?_/.test(code)) return error
  const reason = code === 'Z_BUF_ERROR' ? 'it ends too early' : 'it is damaged'
  return new StrakeError('INVALID', `Cannot decompress ${name} data: ${reason}`, { cause: error })
}

/** The first bytes of a stream, and the stream with them. */
async function peek(bytes: Bytes): Promise<{ head: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]()
  let head = new Uint8Array(0)
  let done = false
  while (!done && head.length < detectLength) {
    const next = await iterator.next()
    done = next.done === true
    if (!next.done) head = concat([head, next.value])
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head
      while (!done) {
        const next = await iterator.next()
        done = next.done === true
        if (!next.done) yield next.value
      }
    } finally {
      if (!done) await iterator.return?.()
    }
  }
  return { head, all: all() }
}
