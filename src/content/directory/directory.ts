import { ContentMismatchError, type Descriptor, type Digest, digestAlgorithm, isDigest } from '#oci'
import { fsPromises, ignoreAbsent, readPlainFile, temporaryName } from '#platform'
import { type Bytes, fromBuffers } from '#stream'
import { anonymousId, checkIngestId, ingestIdOf } from '../ingest-id.ts'
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
import { claim, heldByOther, pauseForHolder } from './claim.ts'
import { type FileIngest, openDirectoryIngest } from './directory-ingest.ts'
import { readBlob, smallSize } from './directory-read.ts'
import { deleteUnless, sweep } from './directory-remove.ts'
import { hasCode } from './file.ts'
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

  read(target: Descriptor, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    return readBlob(this.root, target, options)
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

  /** Returns false when the blob no longer exists. */
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
      await pauseForHolder()
    }
  }
}
