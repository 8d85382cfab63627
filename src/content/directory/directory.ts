import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  isDigest,
  StrakeError,
} from '#oci'
import {
  fsPromises,
  ignoreAbsent,
  notedChecksum,
  readPlainBytes,
  readPlainFile,
  sha256Hex,
  temporaryName,
} from '#platform'
import { type Bytes, checked, createHasher, fromBuffers, verified } from '#stream'
import { anonymousId, checkIngestId, ingestIdOf } from '../ingest-id.ts'
import { rangeOf } from '../range.ts'
import { receiveBlob } from '../receive-blob.ts'
import type {
  IngestOptions,
  LocalStore,
  ReadOptions,
  StoredBlob,
  WriteOptions,
  WriteOutcome,
} from '../store.ts'
import { useResolution } from '../use-resolution.ts'
import { claim, heldByOther, isClaimed } from './claim.ts'
import { type FileIngest, largeSize, openDirectoryIngest } from './directory-ingest.ts'
import { deleteUnless, sweep } from './directory-remove.ts'
import { type FileRange, hasCode, NotAFileError, readFileBytes } from './file.ts'
import { blobPath, createLayout, hasRoom } from './image-layout.ts'
import { Proofs } from './proofs.ts'

/** A store whose blobs are files, which a caller may map, mount or pass to the kernel. */
export interface DirectoryStore extends LocalStore {
  readonly root: string
  /** The path of the blob, a read-only file; `undefined` when it is absent. */
  pathOf(digest: Digest): string
  /**
   * The path of the blob after its file was read and verified; `undefined` when it is
   * absent. An unchanged file is not read again. Throws `ContentMismatchError` for a
   * damaged file.
   */
  provedPath(target: Descriptor): Promise<string | undefined>
  ingest(options?: IngestOptions): Promise<FileIngest>
  /**
   * Removes what crashes left: trash, and ingests without a holder that cannot be resumed
   * or were last written more than `olderThan` milliseconds ago. Whole blobs among them
   * become content again, which a collection may delete.
   */
  sweep(olderThan: number): Promise<void>
}

/**
 * Opens the store in `root`, an image layout with `ingest/` and `trash/` beside it, and
 * makes it if absent. Any number of processes may have it open. Throws `CONFLICT` when
 * `root` has other files instead.
 *
 * A blob appears by the rename of a file that was hashed and counted while it was
 * written, and then synced. No process opens it for writing again.
 */
export async function openDirectoryStore(root: string): Promise<DirectoryStore> {
  // It is made last, so its presence shows that the store is complete, without loading node:fs.
  if (readPlainFile(`${root}/oci-layout`, smallSize) === undefined && (await hasRoom(root))) {
    await fsPromises().mkdir(`${root}/ingest`, { recursive: true, mode: 0o700 })
    await fsPromises().mkdir(`${root}/trash`, { recursive: true, mode: 0o700 })
    await createLayout(root)
  }
  return new OpenDirectoryStore(root)
}

/** Content up to this many bytes is likely a document. */
const smallSize = 16_384

/** Pause between two checks whether another process has received the same blob. */
const patience = 50

/** Number of checks for a blob that another process holds; they take a second in all. */
const mostWaits = 20

class OpenDirectoryStore implements DirectoryStore {
  readonly root: string
  readonly #proofs = new Proofs()

  constructor(root: string) {
    this.root = root
  }

  pathOf(digest: Digest): string {
    return blobPath(this.root, digest)
  }

  async has(target: Descriptor): Promise<boolean> {
    const path = this.pathOf(target.digest)
    // A synchronous stat is faster than a round trip to a thread.
    const found = process.getBuiltinModule('node:fs').lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined || !found.isFile() || found.size !== target.size) return false
    // The caller will rely on the blob, so a collection must see the new time of use.
    if (Date.now() - found.mtimeMs <= useResolution) return true
    return await this.#proofs.keep(target.digest, path, () => this.#touch(path))
  }

  async provedPath(target: Descriptor): Promise<string | undefined> {
    const path = this.pathOf(target.digest)
    const read = async (): Promise<void> => {
      for await (const _ of this.read(target));
    }
    return (await this.#proofs.prove(target.digest, path, read)) ? path : undefined
  }

  async *read(target: Descriptor, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    options.signal?.throwIfAborted()
    const { start, end, isWhole } = rangeOf(target, options)
    const small = isWhole ? this.#readSmall(target) : undefined
    if (small !== undefined) {
      yield small
      return
    }
    // It reads one byte more than expected, so that it notices a file that grew.
    const last = isWhole ? end + 1 : end
    const { reusesChunks, signal } = options
    const range = { start, end: last, reusesChunks, signal }
    const path = this.pathOf(target.digest)
    let isSettled = false
    for (let attempt = 1; ; attempt++) {
      try {
        if (!isWhole || options.readerVerifies === true) yield* readFileBytes(path, range)
        else yield* proved(path, target, range)
        return
      } catch (error) {
        if (isDamage(error)) throw await this.#setAside(target.digest, error)
        if (!hasCode(error, 'ENOENT')) throw error
        if (isSettled) throw unknown(target.digest)
        if (attempt <= mostWaits && this.#isHandled(target.digest)) await wait()
        // Another process may have put it back between the two checks.
        else isSettled = true
      }
    }
  }

  async write(
    expected: Descriptor,
    bytes: Bytes,
    options: WriteOptions = {},
  ): Promise<WriteOutcome> {
    await using ingest = await this.#ingestFor(expected, options.signal)
    if (ingest === undefined) return 'exists'
    const receiveAll = async (empty: FileIngest): Promise<WriteOutcome> => {
      options.arrivals?.begin(expected.digest, empty.liveRead(expected))
      await receiveBlob(empty, expected, bytes)
      return 'written'
    }
    if (ingest.size === 0) return await receiveAll(ingest)
    const isComplete = ingest.size === expected.size
    const readFrom = isComplete ? () => fromBuffers([]) : options.readFrom
    if (readFrom !== undefined) {
      try {
        await receiveBlob(ingest, expected, readFrom(ingest.size))
        return 'written'
      } catch (error) {
        // The kept bytes were not the beginning of this content and were dropped. Start again.
        if (!(error instanceof ContentMismatchError)) throw error
      }
    }
    await ingest.abort()
    await using anew = await this.#ingestFor(expected, options.signal)
    return anew === undefined ? 'exists' : await receiveAll(anew)
  }

  async ingest(options: IngestOptions = {}): Promise<FileIngest> {
    const id = checkIngestId(options.id ?? anonymousId())
    const held = await claim(`${this.root}/ingest`, id)
    if (held === undefined) throw heldByOther(id)
    const { algorithm = 'sha256', expectedSize } = options
    return openDirectoryIngest(held, { root: this.root, id, algorithm, expectedSize })
  }

  async delete(target: Descriptor): Promise<void> {
    const trash = `${this.root}/trash/${temporaryName()}`
    try {
      await fsPromises().rename(this.pathOf(target.digest), trash)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return
      throw error
    }
    await fsPromises().unlink(trash).catch(ignoreAbsent)
  }

  deleteUnless(
    digest: Digest,
    isNeeded: (blob: StoredBlob) => boolean | Promise<boolean>,
  ): Promise<boolean> {
    return deleteUnless(this.root, digest, isNeeded)
  }

  sweep(olderThan: number): Promise<void> {
    return sweep(this.root, olderThan)
  }

  async *list(): AsyncGenerator<StoredBlob> {
    for (const algorithm of await fsPromises().readdir(`${this.root}/blobs`)) {
      const directory = `${this.root}/blobs/${algorithm}`
      for (const hex of await fsPromises().readdir(directory)) {
        const found = await fsPromises().stat(`${directory}/${hex}`).catch(ignoreAbsent)
        if (found === undefined) continue
        const digest = `${algorithm}:${hex}`
        if (isDigest(digest)) {
          yield { digest, size: found.size, links: found.nlink, usedAt: found.mtimeMs }
        }
      }
    }
  }

  /**
   * Moves a damaged blob away, so that the next pull or load stores it again, and returns
   * the error to throw. The expected size alone proves no damage, because a manifest may
   * state a wrong size.
   */
  async #setAside(digest: Digest, error: unknown): Promise<unknown> {
    const path = this.pathOf(digest)
    const actual = await digestOfFile(path, digestAlgorithm(digest)).catch(() => 'no file')
    if (actual === digest) return error
    await fsPromises()
      .rename(path, `${this.root}/trash/${temporaryName()}`)
      .catch(() => {})
    const remedy = 'pull, load or build it again: the damaged copy was set aside'
    return new ContentMismatchError('what is stored', digest, actual, { cause: error, remedy })
  }

  /** Returns false when the blob was deleted meanwhile. */
  async #touch(path: string): Promise<boolean> {
    const now = new Date()
    try {
      await fsPromises().utimes(path, now, now)
      return true
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false
      if (hasCode(error, 'EROFS', 'EACCES', 'EPERM')) return true
      throw error
    }
  }

  /**
   * Reads a small blob, such as a manifest or a config, without `node:fs` and without a
   * thread. Anything unexpected goes to the complete way of reading.
   */
  #readSmall(target: Descriptor): Uint8Array | undefined {
    if (target.size > smallSize) return undefined
    const bytes = readIfSmall(this.pathOf(target.digest))
    if (bytes?.length !== target.size) return undefined
    return `sha256:${sha256Hex(bytes)}` === target.digest ? bytes : undefined
  }

  /** True while a process receives the blob, or a collection decides whether it is needed. */
  #isHandled(digest: Digest): boolean {
    return isClaimed(`${this.root}/ingest`, ingestIdOf(digest))
  }

  /** Returns an ingest for `expected`, or `undefined` when the store has it, perhaps from another process. */
  async #ingestFor(expected: Descriptor, signal?: AbortSignal): Promise<FileIngest | undefined> {
    const id = ingestIdOf(expected.digest)
    for (;;) {
      signal?.throwIfAborted()
      if (await this.has(expected)) return undefined
      const held = await claim(`${this.root}/ingest`, id)
      if (held !== undefined) {
        const algorithm = digestAlgorithm(expected.digest)
        const { root } = this
        const expectedSize = expected.size
        return openDirectoryIngest(held, { root, id, algorithm, expectedSize })
      }
      await wait()
    }
  }
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

async function digestOfFile(path: string, algorithm: DigestAlgorithm): Promise<Digest> {
  const hasher = createHasher(algorithm)
  const everything = { start: 0, end: Number.MAX_SAFE_INTEGER }
  for await (const chunk of readFileBytes(path, everything)) hasher.update(chunk)
  return hasher.digest()
}

function wait(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, patience))
}

function unknown(digest: Digest): StrakeError {
  return new StrakeError('NOT_FOUND', `Cannot read ${digest}: the store does not have it`)
}
