import type { FileHandle } from 'node:fs/promises'
import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  StrakeError,
} from '#oci'
import {
  type HashingWriter,
  noteChecksum,
  openHashingWriter,
  syncDirectory,
  writeAll,
} from '#platform'
import { type Bytes, createHasher, type Hasher } from '#stream'
import type { Arriving, Ingest } from '../store.ts'
import { ArrivingBlob } from './arriving.ts'
import type { Claim } from './claim.ts'
import { fs, hasCode, readHandle } from './file.ts'
import { blobPath } from './image-layout.ts'

export interface IngestFileOptions {
  readonly root: string
  readonly id: string
  readonly algorithm: DigestAlgorithm
  /** Bytes it will have, if that is known. */
  readonly expectedSize?: number
}

/** From here on it pays to hash and write in another thread, and to note a checksum. */
export const largeSize: number = 16 * 1024 * 1024

/**
 * Opens the ingest in a claimed directory. What an earlier holder received is
 * hashed again: its bytes may be torn, and nobody vouches for them.
 */
export async function openDirectoryIngest(
  claim: Claim,
  options: IngestFileOptions,
): Promise<FileIngest> {
  const path = `${claim.path}/data`
  // A holder that died right before its rename had made it read-only.
  await fs().chmod(path, 0o600).catch(ignoreAbsent)
  const file = await fs().open(path, 'a+', 0o600)
  try {
    const { size } = await file.stat()
    const hasher = createHasher(options.algorithm)
    for await (const chunk of readHandle(file, size)) hasher.update(chunk)
    const { algorithm, expectedSize } = options
    const mayBeLarge = expectedSize === undefined || expectedSize >= largeSize
    const canWrite = mayBeLarge && size === 0 && algorithm === 'sha256'
    const openWriter = canWrite ? () => openHashingWriter(file.fd, { expectedSize }) : undefined
    return new DirectoryIngest({ claim, file, hasher, size, openWriter, ...options })
  } catch (error) {
    await file.close()
    throw error
  }
}

/** An ingest whose file can be written, and read, by somebody else. */
export interface FileIngest extends Ingest {
  /** What is to be appended from now on, as `blob`, for who reads it meanwhile. */
  arriving(blob: Descriptor): Arriving
  /**
   * Hands the empty file to `write`, which writes it in any order and says what it
   * wrote: it has hashed the bytes on their way, and is believed.
   */
  fill(write: (descriptor: number) => Promise<Written>): Promise<void>
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
  readonly file: FileHandle
  readonly hasher: Hasher
  readonly size: number
  /** What it opens does the hashing and writing instead, in another thread if it is much. */
  readonly openWriter: (() => HashingWriter) | undefined
}

class DirectoryIngest implements FileIngest {
  readonly id: string
  readonly #parts: Parts
  #size: number
  #isOpen = true
  #written: Written | undefined
  #writer: HashingWriter | undefined
  #arriving: ArrivingBlob | undefined

  constructor(parts: Parts) {
    this.id = parts.id
    this.#parts = parts
    this.#size = parts.size
  }

  get size(): number {
    return this.#size
  }

  arriving(blob: Descriptor): Arriving {
    const { root, claim } = this.#parts
    this.#arriving = new ArrivingBlob(blob, [`${claim.path}/data`, blobPath(root, blob.digest)])
    return this.#arriving
  }

  async append(bytes: Bytes): Promise<void> {
    for await (const chunk of bytes) {
      try {
        await this.#take(chunk)
      } catch (error) {
        // How much of the chunk is in the file is unknown, so nothing of it is of use.
        await this.abort()
        throw explained(error, this.#parts.root)
      }
      this.#size += chunk.length
      this.#arriving?.grow()
    }
  }

  async fill(write: (descriptor: number) => Promise<Written>): Promise<void> {
    if (this.#size > 0) throw new RangeError('An ingest that has content cannot be filled')
    try {
      // Not the descriptor that appends: whoever fills may write in any order.
      const file = await fs().open(`${this.#parts.claim.path}/data`, 'r+')
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
      // After an fsync that did not succeed the file cannot be trusted, nor a retry of it.
      await this.abort()
      throw explained(error, this.#parts.root)
    }
  }

  async abort(): Promise<void> {
    if (!(await this.#close())) return
    await this.#parts.claim.remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A part that cannot be kept is fetched again.
    if (this.#isOpen && this.#size > 0) await this.#writer?.flush().catch(() => {})
    if (!(await this.#close())) return
    await (this.#size === 0 ? this.#parts.claim.remove() : this.#parts.claim.release())
  }

  async #take(chunk: Uint8Array): Promise<void> {
    const { file, hasher, openWriter } = this.#parts
    this.#writer ??= openWriter?.()
    if (this.#writer !== undefined) return await this.#writer.append(chunk)
    const writing = writeAll(file, chunk)
    hasher.update(chunk)
    return await writing
  }

  /** Waits until all of it is in the file, and learns from the writer what that is. */
  async #finish(): Promise<void> {
    const appended = await this.#writer?.finish()
    // To sync it takes longer.
    this.#arriving?.grow()
    if (appended === undefined) return
    const { digest, checksum } = appended
    this.#written = { digest: `sha256:${digest}`, size: this.#size, checksum }
  }

  async #digestAs(expected: Digest | undefined): Promise<Digest> {
    const digest = this.#written?.digest ?? this.#parts.hasher.digest()
    if (expected === undefined || digestAlgorithm(expected) === digestAlgorithm(digest)) {
      return digest
    }
    const hasher = createHasher(digestAlgorithm(expected))
    for await (const chunk of readHandle(this.#parts.file, this.#size)) hasher.update(chunk)
    return hasher.digest()
  }

  /** File content first, then its name, then the directory that holds the name. */
  async #publish(digest: Digest): Promise<void> {
    const { root, file, claim } = this.#parts
    const path = blobPath(root, digest)
    const directory = path.slice(0, path.lastIndexOf('/'))
    const now = new Date()
    if (this.#written !== undefined && this.#size >= largeSize) {
      noteChecksum(file.fd, this.#written.checksum)
    }
    await file.utimes(now, now)
    await file.chmod(0o444)
    await file.sync()
    await fs().mkdir(directory, { recursive: true, mode: 0o700 })
    await replace(`${claim.path}/data`, path)
    await syncDirectory(directory)
    await this.#close()
    // The content is there; a folder that cannot go now goes with the next sweep.
    await claim.remove().catch(() => {})
  }

  /** False when it was closed before. */
  async #close(): Promise<boolean> {
    if (!this.#isOpen) return false
    this.#isOpen = false
    this.#arriving?.end()
    await this.#writer?.[Symbol.asyncDispose]()
    await this.#parts.file.close()
    return true
  }
}

/** A directory in the way, which only damage can have brought there, goes with the claim. */
async function replace(from: string, to: string): Promise<void> {
  try {
    await fs().rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw error
    await fs().rename(to, `${from}.other`)
    await fs().rename(from, to)
  }
}

function ignoreAbsent(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error
}

/** What the system refuses for want of space, as a sentence with a remedy. */
function explained(error: unknown, root: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT')) return error
  return new StrakeError('UNAVAILABLE', `Cannot store content in ${root}: no space is left`, {
    cause: error,
    remedy: 'free disk space, for example with strake system prune',
  })
}
