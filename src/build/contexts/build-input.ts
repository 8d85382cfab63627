import { StrakeError } from '#oci'
import { type Bytes, detectCompression, type KeptChunk, keepChunk, toBuffer } from '#stream'
import { hasHeaderChecksum } from '../files/archive.ts'
import { decodeText, maxTextSize } from './text.ts'

/** An archive, compressed or not, as the build context. It is read once. */
export interface ContextArchive {
  readonly archive: Bytes
}

/**
 * A directory for files that a client sends. The client leaves out what its ignore file excludes, so
 * the ignore file is not read again.
 */
export interface ReceivedContext {
  readonly directory: string
  /**
   * Called once before files are read, and only if steps use files. `paths` are those that they
   * use, with wildcards; `undefined` for all.
   */
  readonly receive: (paths: readonly string[] | undefined) => Promise<void>
}

/** The text of a Dockerfile, and its name in messages: `Dockerfile` unless given. */
export interface DockerfileText {
  readonly text: string
  readonly name?: string | undefined
}

const blockSize = 512

/**
 * Reads standard input, or another file that is read once: the text of a Dockerfile, or an archive to
 * build from. Throws `INVALID` for other bytes.
 */
export async function readBuildInput(
  bytes: Bytes,
  name = 'standard input',
): Promise<ContextArchive | { readonly text: string }> {
  const iterator = bytes[Symbol.asyncIterator]()
  const head: KeptChunk[] = []
  let length = 0
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    head.push(keepChunk(next.value))
    length += next.value.length
    if (length >= blockSize) break
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* head
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  if (length === 0) {
    throw new StrakeError('INVALID', `Cannot build from ${name}: it is empty`, {
      remedy: 'give a Dockerfile or an archive, or name a directory',
    })
  }
  const block = Buffer.concat(head).subarray(0, blockSize)
  const isArchive = detectCompression(block) !== 'none' || hasHeaderChecksum(block)
  if (isArchive) return { archive: all() }
  return { text: decodeText(await toBuffer(all(), maxTextSize, name), name) }
}
