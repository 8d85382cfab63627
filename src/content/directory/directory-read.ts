import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  StrakeError,
} from '#oci'
import { fsPromises, notedChecksum, readPlainBytes, sha256Hex, temporaryName } from '#platform'
import { checked, createHasher, verified } from '#stream'
import { ingestIdOf } from '../ingest-id.ts'
import { rangeOf } from '../range.ts'
import type { ReadOptions } from '../store.ts'
import { isClaimed, pauseForHolder } from './claim.ts'
import { largeSize } from './directory-ingest.ts'
import { type FileRange, hasCode, NotAFileError, readFileBytes } from './file.ts'
import { blobPath } from './image-layout.ts'

/** Content up to this many bytes is likely a document. */
export const smallSize = 16_384

/** Number of checks for a blob that another process holds; they take a second in all. */
const mostWaits = 20

/**
 * Reads a blob of the store in `root`; see `ContentSource`. Waits up to a second for a blob that
 * another process receives, or that a collection has hidden. Sets a damaged blob aside.
 */
export async function* readBlob(
  root: string,
  target: Descriptor,
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  options.signal?.throwIfAborted()
  const { start, end, isWhole } = rangeOf(target, options)
  const path = blobPath(root, target.digest)
  const small = isWhole ? readSmall(path, target) : undefined
  if (small !== undefined) {
    yield small
    return
  }
  // It reads one byte more than expected, so that it notices a file that grew.
  const last = isWhole ? end + 1 : end
  const { reusesChunks, signal } = options
  const range = { start, end: last, reusesChunks, signal }
  let isSettled = false
  for (let attempt = 1; ; attempt++) {
    try {
      if (!isWhole || options.readerVerifies === true) yield* readFileBytes(path, range)
      else yield* proved(path, target, range)
      return
    } catch (error) {
      if (isDamage(error)) throw await setAside(root, target.digest, error)
      if (!hasCode(error, 'ENOENT')) throw error
      if (isSettled) throw unknown(target.digest)
      if (attempt <= mostWaits && isClaimed(`${root}/ingest`, ingestIdOf(target.digest))) {
        await pauseForHolder()
      }
      // Another process may have put it back between the two checks.
      else isSettled = true
    }
  }
}

/**
 * Reads a small blob, such as a manifest or a config, without `node:fs` and without a
 * thread. Returns `undefined` for anything unexpected, which the complete way then reports.
 */
function readSmall(path: string, target: Descriptor): Uint8Array | undefined {
  if (target.size > smallSize) return undefined
  const bytes = readIfSmall(path)
  if (bytes?.length !== target.size) return undefined
  return `sha256:${sha256Hex(bytes)}` === target.digest ? bytes : undefined
}

/** Returns `undefined` also when it is not a regular file. */
function readIfSmall(path: string): Uint8Array | undefined {
  try {
    return readPlainBytes(path, smallSize)
  } catch {
    return undefined
  }
}

/** Yields the content and verifies it in the fastest way. */
async function* proved(
  path: string,
  target: Descriptor,
  range: FileRange,
): AsyncGenerator<Uint8Array> {
  const open = () => readFileBytes(path, range)
  if (target.size >= largeSize) {
    const checksum = notedChecksum(path)
    if (checksum !== undefined) return yield* checked(open, target, checksum)
  }
  yield* verified(open(), target)
}

function isDamage(error: unknown): boolean {
  return error instanceof ContentMismatchError || error instanceof NotAFileError
}

/**
 * Moves a damaged blob away, so that the next pull or load stores it again, and returns
 * the error to throw. The expected size alone proves no damage, because a manifest may
 * state a wrong size.
 */
async function setAside(root: string, digest: Digest, error: unknown): Promise<unknown> {
  const path = blobPath(root, digest)
  const actual = await digestOfFile(path, digestAlgorithm(digest)).catch(() => 'no file')
  if (actual === digest) return error
  await fsPromises()
    .rename(path, `${root}/trash/${temporaryName()}`)
    .catch(() => {})
  const remedy = 'pull, load or build it again: the damaged copy was set aside'
  return new ContentMismatchError('what is stored', digest, actual, { cause: error, remedy })
}

async function digestOfFile(path: string, algorithm: DigestAlgorithm): Promise<Digest> {
  const hasher = createHasher(algorithm)
  const everything = { start: 0, end: Number.MAX_SAFE_INTEGER }
  for await (const chunk of readFileBytes(path, everything)) hasher.update(chunk)
  return hasher.digest()
}

function unknown(digest: Digest): StrakeError {
  return new StrakeError('NOT_FOUND', `Cannot read ${digest}: the store does not have it`)
}
