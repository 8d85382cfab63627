import { rechunk } from './buffer.ts'
import type { Bytes } from './bytes.ts'
import { mapOrdered } from './concurrency.ts'

/**
 * Bytes of input per gzip member or zstd frame. Part of what makes the output
 * reproducible: changing it changes the digest of everything pushed.
 */
const chunkSize = 1024 * 1024

export interface CompressOptions {
  /** gzip 1 to 9, default 6; zstd 1 to 19, default 3. */
  readonly level?: number
  /** Chunks compressed at the same time. Default one more than there are processors. */
  readonly parallel?: number
  /**
   * Makes the member or frame of a chunk, which it may keep; the level is then
   * its own to know. The zlib of the runtime unless given.
   */
  readonly member?: (chunk: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>
}

/**
 * Compresses to gzip on all processors, every mebibyte into a member of its own.
 * The result depends on the bytes and the level alone (and on the version of the
 * zlib in the runtime), not on chunk boundaries or parallelism.
 */
export function gzip(bytes: Bytes, options: CompressOptions = {}): AsyncGenerator<Uint8Array> {
  const { level = 6, parallel } = options
  const zlibMember = called((chunk, done) =>
    zlib().gzip(chunk, { level, chunkSize: outputSize(chunk) }, done),
  )
  return inMembers(bytes, options.member ?? zlibMember, parallel)
}

/** Compresses to zstd, every mebibyte into a checksummed frame of its own; otherwise as `gzip`. */
export function zstd(bytes: Bytes, options: CompressOptions = {}): AsyncGenerator<Uint8Array> {
  const { level = 3, parallel } = options
  const { constants, zstdCompress } = zlib()
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
  }
  const zlibMember = called((chunk, done) =>
    zstdCompress(chunk, { params, chunkSize: outputSize(chunk) }, done),
  )
  return inMembers(bytes, options.member ?? zlibMember, parallel)
}

/** `node:zlib`, loaded when it is needed: loading it costs milliseconds. */
const zlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib')

/** Room for the whole member at once: every refill is a round trip to the thread pool. */
function outputSize(chunk: Uint8Array): number {
  return chunk.length + 4096
}

type Done = (error: Error | null, member: Uint8Array) => void
type MakeMember = (chunk: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>

/** `compress` runs on the runtime's thread pool, so as many processors work as calls are open. */
function called(compress: (chunk: Uint8Array, done: Done) => void): MakeMember {
  return (chunk) =>
    new Promise((resolve, reject) => {
      compress(chunk, (error, output) => (error === null ? resolve(output) : reject(error)))
    })
}

async function* inMembers(
  bytes: Bytes,
  member: MakeMember,
  parallel: number = navigator.hardwareConcurrency + 1,
): AsyncGenerator<Uint8Array> {
  let isEmpty = true
  for await (const output of mapOrdered(rechunk(bytes, chunkSize), parallel, member)) {
    isEmpty = false
    yield output
  }
  if (isEmpty) yield await member(new Uint8Array(0))
}
