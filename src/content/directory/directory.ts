import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  isDigest,
  StrakeError,
} from '#oci'
import { notedChecksum, readPlainBytes, readPlainFile, sha256Hex, temporaryName } from '#platform'
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
import { claim, heldByOther, listIngests } from './claim.ts'
import { type FileIngest, largeSize, openDirectoryIngest } from './directory-ingest.ts'
import { deleteUnless, sweep } from './directory-remove.ts'
import { type FileRange, fs, hasCode, ignoreAbsent, NotAFileError, readFileBytes } from './file.ts'
import { blobPath, createLayout, hasRoom } from './image-layout.ts'
import { Proofs } from './proofs.ts'

/** A store whose blobs are files that others may map, mount or hand to the kernel. */
export interface DirectoryStore extends LocalStore {
  readonly root: string
  /** Where the blob is if it is there: a read-only file. */
  pathOf(digest: Digest): string
  /**
   * Where the blob is, once its file was read and proved; `undefined` when it is
   * not there. A file that did not change is not read again. Throws
   * `ContentMismatchError` for a damaged one.
   */
  provedPath(target: Descriptor): Promise<string | undefined>
  ingest(options?: IngestOptions): Promise<FileIngest>
  /**
   * Removes what crashes left: trash, and ingests nobody holds that cannot be
   * resumed or were last written more than `olderThan` milliseconds ago. Whole
   * blobs among them become content again, for a collection to judge.
   */
  sweep(olderThan: number): Promise<void>
}

/**
 * Opens the store in `root`, an image layout with `ingest/` and `trash/` beside
 * it; makes it when it is not there. Any number of processes may have it open.
 * Throws `CONFLICT` when it is to be made among other files.
 *
 * A blob appears by a rename of a file that was hashed and counted while it was
 * written, and synced; it is never opened for writing again.
 */
export async function openDirectoryStore(root: string): Promise<DirectoryStore> {
  // The last thing made tells that all of it is there, without loading node:fs.
  if (readPlainFile(`${root}/oci-layout`, smallSize) === undefined && (await hasRoom(root))) {
    await fs().mkdir(`${root}/ingest`, { recursive: true, mode: 0o700 })
    await fs().mkdir(`${root}/trash`, { recursive: true, mode: 0o700 })
    await createLayout(root)
  }
  return new OpenDirectoryStore(root)
}

/** Bytes of content that is likely a document. */
const smallSize = 16_384

/** How long a lookup leaves a blob's time of use alone. */
const useResolution = 60_000

/** How often a process looks whether another one has finished receiving the same blob. */
const patience = 50

/** How often a reader waits for a blob that somebody handles; a second in all. */
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
    // Asking for a status takes less time than a thread does.
    const found = process.getBuiltinModule('node:fs').lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined || !found.isFile() || found.size !== target.size) return false
    // Whoever is told "it is there" is about to rely on it: collection must see that.
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
    // One byte more than there should be, so that a file that grew is noticed.
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
        // Whoever handled it may have put it back between the two looks.
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
      options.onArriving?.(empty.arriving(expected))
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
        // What was kept is not the beginning of this content: it is gone now, start again.
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
    const { algorithm = 'sha256' } = options
    return await openDirectoryIngest(held, { root: this.root, id, algorithm })
  }

  async delete(target: Descriptor): Promise<void> {
    const trash = `${this.root}/trash/${temporaryName()}`
    try {
      await fs().rename(this.pathOf(target.digest), trash)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return
      throw error
    }
    await fs().unlink(trash).catch(ignoreAbsent)
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
    for (const algorithm of await fs().readdir(`${this.root}/blobs`)) {
      const directory = `${this.root}/blobs/${algorithm}`
      for (const hex of await fs().readdir(directory)) {
        const found = await fs().stat(`${directory}/${hex}`).catch(ignoreAbsent)
        if (found === undefined) continue
        const digest = `${algorithm}:${hex}`
        if (isDigest(digest)) yield { digest, size: found.size, usedAt: found.mtimeMs }
      }
    }
  }

  /**
   * Moves a blob out of the way that is not what its name says, so that the next
   * pull or load brings it anew, and gives the error to throw. The size that was
   * asked for proves nothing: it may be a manifest that lies.
   */
  async #setAside(digest: Digest, error: unknown): Promise<unknown> {
    const path = this.pathOf(digest)
    const actual = await digestOfFile(path, digestAlgorithm(digest)).catch(() => 'no file')
    if (actual === digest) return error
    await fs()
      .rename(path, `${this.root}/trash/${temporaryName()}`)
      .catch(() => {})
    const remedy = 'pull, load or build it again: the damaged copy was set aside'
    return new ContentMismatchError('what is stored', digest, actual, { cause: error, remedy })
  }

  /** False when the blob went away meanwhile. */
  async #touch(path: string): Promise<boolean> {
    const now = new Date()
    try {
      await fs().utimes(path, now, now)
      return true
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false
      if (hasCode(error, 'EROFS', 'EACCES', 'EPERM')) return true
      throw error
    }
  }

  /**
   * A manifest, a config or another small blob, read without loading `node:fs` and
   * without a thread. What does not fit is for the careful way of reading to judge.
   */
  #readSmall(target: Descriptor): Uint8Array | undefined {
    if (target.size > smallSize) return undefined
    const bytes = readIfSmall(this.pathOf(target.digest))
    if (bytes?.length !== target.size) return undefined
    return `sha256:${sha256Hex(bytes)}` === target.digest ? bytes : undefined
  }

  /** True while somebody receives the blob, or holds it back to decide whether it is needed. */
  #isHandled(digest: Digest): boolean {
    const id = ingestIdOf(digest)
    const ingests = listIngests(`${this.root}/ingest`)
    return ingests.some((each) => each.id === id && each.isAlive)
  }

  /** An ingest for `expected`; `undefined` when it is there, perhaps after another process got it. */
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
        return await openDirectoryIngest(held, { root, id, algorithm, expectedSize })
      }
      await wait()
    }
  }
}

/** `undefined` also where something else than a file is. */
function readIfSmall(path: string): Uint8Array | undefined {
  try {
    return readPlainBytes(path, smallSize)
  } catch {
    return undefined
  }
}

/** The content, by the quickest way that proves it. */
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
