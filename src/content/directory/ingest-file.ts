import type { Digest, DigestAlgorithm } from '#oci'
import { writeAllNow } from '#platform'
import { createHasher, type Hasher } from '#stream'
import { hasCode, readDescriptor } from './file.ts'

/**
 * `node:fs`, loaded at the first use. Calls that only change names are faster here than in a
 * thread.
 */
const sync = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** The most files that are hashed while they are received. */
const mostHashing = 8
let receiving = 0

/** Files that were not hashed while they were received are hashed one after the other. */
let catchingUp: Promise<void> = Promise.resolve()

/**
 * The file in which an ingest is received. It is written in this thread: with a thread, the chunks
 * of many ingests would wait in memory.
 */
export class IngestFile {
  readonly descriptor: number
  readonly #hasher: Hasher
  #size: number
  #hashed = 0
  #isReceiving = false

  constructor(path: string, algorithm: DigestAlgorithm) {
    this.#hasher = createHasher(algorithm)
    try {
      // A process that died right before its rename had made the file read-only.
      sync().chmodSync(path, 0o600)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
    }
    this.descriptor = sync().openSync(path, 'a+', 0o600)
    this.#size = sync().fstatSync(this.descriptor).size
  }

  /** Bytes in the file, including those of an earlier holder. */
  get size(): number {
    return this.#size
  }

  /** Called before and after bytes are received. */
  receives(isReceiving: boolean): void {
    if (this.#isReceiving !== isReceiving) receiving += isReceiving ? 1 : -1
    this.#isReceiving = isReceiving
  }

  append(chunk: Uint8Array): void {
    writeAllNow(this.descriptor, chunk)
    const isUpToDate = this.#hashed === this.#size
    this.#size += chunk.length
    // With many ingests at a time, bytes arrive faster than they can be hashed.
    if (!isUpToDate || receiving > mostHashing) return
    this.#hasher.update(chunk)
    this.#hashed = this.#size
  }

  /** The digest of the file, with the algorithm of the ingest. Call it once. */
  async digest(): Promise<Digest> {
    if (this.#hashed < this.#size) await this.#catchUp()
    return this.#hasher.digest()
  }

  /** Covers the first `size` bytes, whichever process wrote them. */
  async digestAs(algorithm: DigestAlgorithm, size: number): Promise<Digest> {
    const hasher = createHasher(algorithm)
    for await (const chunk of readDescriptor(this.descriptor, 0, size)) hasher.update(chunk)
    return hasher.digest()
  }

  /** Gives the file the mode and time of a blob, and makes all of it durable. */
  async seal(): Promise<void> {
    const now = new Date()
    sync().futimesSync(this.descriptor, now, now)
    sync().fchmodSync(this.descriptor, 0o444)
    await new Promise<void>((resolve, reject) => {
      sync().fsync(this.descriptor, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  close(): void {
    this.receives(false)
    sync().closeSync(this.descriptor)
  }

  /**
   * Hashes bytes that were not hashed when they were received, or that an earlier holder wrote.
   * Those may be damaged by a crash, so they must be read from the file.
   */
  async #catchUp(): Promise<void> {
    const hashRest = async (): Promise<void> => {
      const rest = readDescriptor(this.descriptor, this.#hashed, this.#size)
      for await (const chunk of rest) this.#hasher.update(chunk)
      this.#hashed = this.#size
    }
    const hashing = catchingUp.then(hashRest)
    catchingUp = hashing.catch(() => {})
    await hashing
  }
}
