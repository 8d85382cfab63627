import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  StrakeError,
} from '#oci'
import {
  fsPromises,
  type HashingWriter,
  hasFreeThread,
  noteChecksum,
  openHashingWriter,
  syncDirectory,
} from '#platform'
import type { Bytes } from '#stream'
import type { LiveRead } from '../arrivals.ts'
import type { Ingest } from '../store.ts'
import type { Claim } from './claim.ts'
import { hasCode } from './file.ts'
import { GrowingFile } from './growing-file.ts'
import { blobPath } from './image-layout.ts'
import { IngestFile } from './ingest-file.ts'

export interface IngestFileOptions {
  readonly root: string
  readonly id: string
  readonly algorithm: DigestAlgorithm
  /** The final size in bytes, if known. */
  readonly expectedSize?: number | undefined
}

/** Content of this size and more has a noted checksum. */
export const largeSize: number = 16 * 1024 * 1024

/** Content of this size and more is hashed and written in another thread. */
const threadedSize = 8 * 1024 * 1024

/** Opens the ingest in a claimed directory. */
export function openDirectoryIngest(claim: Claim, options: IngestFileOptions): FileIngest {
  const { algorithm, expectedSize } = options
  const file = new IngestFile(`${claim.path}/data`, algorithm)
  const mayBeLarge = expectedSize === undefined || expectedSize >= threadedSize
  const canWrite = mayBeLarge && file.size === 0 && algorithm === 'sha256'
  // The memory of a writer is worthwhile only with a free thread.
  const openWriter = canWrite
    ? () => (hasFreeThread() ? openHashingWriter(file.descriptor, { expectedSize }) : undefined)
    : undefined
  return new DirectoryIngest({ claim, file, openWriter, ...options })
}

/** An ingest whose file another writer can fill and another reader can read. */
export interface FileIngest extends Ingest {
  /** Reads what is appended from now on, as `blob`, while it is appended. */
  liveRead(blob: Descriptor): LiveRead
  /**
   * Calls `write` with the empty file. `write` fills it in any order and returns the
   * digest and size, which it computed on the way; they are not checked again.
   */
  fill(write: (descriptor: number) => Promise<Written>): Promise<void>
  /** What `fill` wrote. */
  readonly filled: Written | undefined
}

export interface Written {
  readonly digest: Digest
  readonly size: number
  /** CRC-32. */
  readonly checksum: number
}

interface Parts {
  readonly root: string
  readonly id: string
  readonly claim: Claim
  readonly algorithm: DigestAlgorithm
  readonly file: IngestFile
  /** Opens the writer that hashes and writes instead, in another thread if the content is large. */
  readonly openWriter: (() => HashingWriter | undefined) | undefined
}

class DirectoryIngest implements FileIngest {
  readonly id: string
  readonly #parts: Parts
  #size: number
  #isOpen = true
  #written: Written | undefined
  #writer: HashingWriter | undefined
  #growing: GrowingFile | undefined

  constructor(parts: Parts) {
    this.id = parts.id
    this.#parts = parts
    this.#size = parts.file.size
  }

  get size(): number {
    return this.#size
  }

  get filled(): Written | undefined {
    return this.#written
  }

  liveRead(blob: Descriptor): LiveRead {
    const { root, claim } = this.#parts
    const growing = new GrowingFile(blob, [`${claim.path}/data`, blobPath(root, blob.digest)])
    this.#growing = growing
    return (signal) => growing.read(signal)
  }

  async append(bytes: Bytes): Promise<void> {
    this.#parts.file.receives(true)
    try {
      for await (const chunk of bytes) {
        await this.#orAbort(() => this.#take(chunk))
        this.#size += chunk.length
        this.#growing?.grow()
      }
    } finally {
      this.#parts.file.receives(false)
    }
    // After a crash, the caller may resume after the last appended byte.
    await this.#orAbort(async () => this.#writer?.flush())
  }

  async fill(write: (descriptor: number) => Promise<Written>): Promise<void> {
    if (this.#size > 0) throw new RangeError('An ingest that has content cannot be filled')
    try {
      // The appending descriptor cannot be used, because `write` may write in any order.
      const file = await fsPromises().open(`${this.#parts.claim.path}/data`, 'r+')
      try {
        this.#written = await write(file.fd)
        this.#size = this.#written.size
      } finally {
        await file.close()
      }
    } catch (error) {
      await this.abort()
      throw explained(error, this.#parts.root)
    }
  }

  async commit(expected?: Digest): Promise<Digest> {
    try {
      await this.#finish()
      const digest = await this.#digestAs(expected)
      if (expected !== undefined && digest !== expected) {
        throw new ContentMismatchError('content', expected, digest)
      }
      await this.#publish(digest)
      return digest
    } catch (error) {
      // After a failed fsync neither the file nor a second fsync can be trusted.
      await this.abort()
      throw explained(error, this.#parts.root)
    }
  }

  async abort(): Promise<void> {
    if (!(await this.#close())) return
    await this.#parts.claim.remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // If this fails, a resume fetches the missing part again.
    if (this.#isOpen && this.#size > 0) await this.#writer?.flush().catch(() => {})
    if (!(await this.#close())) return
    await (this.#size === 0 ? this.#parts.claim.remove() : this.#parts.claim.release())
  }

  /** After a failed write the contents of the file are unknown, so all of it is dropped. */
  async #orAbort(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      await this.abort()
      throw explained(error, this.#parts.root)
    }
  }

  async #take(chunk: Uint8Array): Promise<void> {
    const { file, openWriter } = this.#parts
    if (this.#size === 0) this.#writer ??= openWriter?.()
    if (this.#writer === undefined) file.append(chunk)
    else await this.#writer.append(chunk)
  }

  /** Waits until the file is complete, and gets its digest and size from the writer. */
  async #finish(): Promise<void> {
    const appended = await this.#writer?.finish()
    // Wakes readers before the sync, which takes longer.
    this.#growing?.grow()
    if (appended === undefined) return
    const { digest, checksum } = appended
    this.#written = { digest: `sha256:${digest}`, size: this.#size, checksum }
  }

  async #digestAs(expected: Digest | undefined): Promise<Digest> {
    const { file, algorithm } = this.#parts
    const wanted = expected === undefined ? algorithm : digestAlgorithm(expected)
    const own = this.#written?.digest
    const has = own === undefined ? algorithm : digestAlgorithm(own)
    if (wanted !== has) return file.digestAs(wanted, this.#size)
    return own ?? file.digest()
  }

  /** Syncs the contents first, then renames, then syncs the directory of the new name. */
  async #publish(digest: Digest): Promise<void> {
    const { root, file, claim } = this.#parts
    const path = blobPath(root, digest)
    const directory = path.slice(0, path.lastIndexOf('/'))
    if (this.#written !== undefined && this.#size >= largeSize) {
      noteChecksum(file.descriptor, this.#written.checksum)
    }
    await file.seal()
    try {
      await replace(`${claim.path}/data`, path)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      // It is the first blob of its algorithm.
      await fsPromises().mkdir(directory, { recursive: true, mode: 0o700 })
      await replace(`${claim.path}/data`, path)
    }
    await syncDirectory(directory)
    await this.#close()
    // The content is stored. The next sweep removes the folder if this does not.
    await claim.remove().catch(() => {})
  }

  /** Returns false when it was already closed. */
  async #close(): Promise<boolean> {
    if (!this.#isOpen) return false
    this.#isOpen = false
    this.#growing?.end()
    await this.#writer?.[Symbol.asyncDispose]()
    this.#parts.file.close()
    return true
  }
}

/**
 * Moves a directory in the place of the blob into the claim, which is then removed. Only damage
 * causes this.
 */
async function replace(from: string, to: string): Promise<void> {
  try {
    await fsPromises().rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw error
    await fsPromises().rename(to, `${from}.other`)
    await fsPromises().rename(from, to)
  }
}

/** Returns the error for a full disk, with a remedy. */
function explained(error: unknown, root: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT')) return error
  return new StrakeError('UNAVAILABLE', `Cannot store content in ${root}: no space is left`, {
    cause: error,
    remedy: 'free disk space, for example with strake system prune',
  })
}
