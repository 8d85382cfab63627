import type { Digest, DigestAlgorithm } from '#oci'
import { writeAllNow } from '#platform'
import { createHasher, type Hasher } from '#stream'
import { hasCode, readDescriptor } from './file.ts'

/** `node:fs`, loaded when it is needed. What touches names alone takes less time than a thread does. */
const sync = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** How many files may be appended to at a time and hashed on the way. */
const mostHashing = 8
let receiving = 0

/** What was not hashed when it came is hashed by one file after the other. */
let catchingUp: Promise<void> = Promise.resolve()

/**
 * The file that an ingest is received in. It is written without a thread: what
 * comes meanwhile would wait in memory, and of many ingests at once that is much.
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
      // A holder that died right before its rename had made it read-only.
      sync().chmodSync(path, 0o600)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
    }
    this.descriptor = sync().openSync(path, 'a+', 0o600)
    this.#size = sync().fstatSync(this.descriptor).size
  }

  /** Bytes that were written through this file, or were there before. */
  get size(): number {
    return this.#size
  }

  /** Called before and after bytes come. */
  receives(isReceiving: boolean): void {
    if (this.#isReceiving !== isReceiving) receiving += isReceiving ? 1 : -1
    this.#isReceiving = isReceiving
  }

  append(chunk: Uint8Array): void {
    writeAllNow(this.descriptor, chunk)
    const isUpToDate = this.#hashed === this.#size
    this.#size += chunk.length
    // Of many at a time the bytes come faster than they can be hashed.
    if (!isUpToDate || receiving > mostHashing) return
    this.#hasher.update(chunk)
    this.#hashed = this.#size
  }

  /** Of what was appended, in the algorithm it was opened with. May be asked for once. */
  async digest(): Promise<Digest> {
    if (this.#hashed < this.#size) await this.#catchUp()
    return this.#hasher.digest()
  }

  /** Of the first `size` bytes, whoever wrote them. */
  async digestAs(algorithm: DigestAlgorithm, size: number): Promise<Digest> {
    const hasher = createHasher(algorithm)
    for await (const chunk of readDescriptor(this.descriptor, 0, size)) hasher.update(chunk)
    return hasher.digest()
  }

  /** Makes it what a blob is, and all of it durable. */
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
   * Hashes what was not hashed when it came, or was received by an earlier holder:
   * its bytes may be torn, and nobody vouches for them.
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
