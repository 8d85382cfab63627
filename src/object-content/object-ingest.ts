import type { Ingest } from '#content'
import type { Bucket } from '#objects'
import {
  ContentMismatchError,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  isStrakeError,
  StrakeError,
} from '#oci'
import { type Bytes, createHasher, type Hasher } from '#stream'
import type { Budget } from './budget.ts'
import { tailKey } from './keys.ts'
import type { IngestState, ObjectIndex } from './object-index.ts'

/** Bytes of a part. S3 takes 5 MiB at least, and 10,000 parts. */
export const partSize: number = 8 * 1024 * 1024

export interface IngestParts {
  readonly bucket: Bucket
  readonly index: ObjectIndex
  readonly budget: Budget
  /** Another process, which may have ended, has had the ingest. */
  readonly isContinued: boolean
  /** Gives up the hold on the ID. */
  readonly release: () => void
}

/**
 * Receives a blob into the bucket: whole parts as they fill, and what is left at the end of each
 * `append` as an object of its own, so that another replica can go on. The digest is computed on
 * the way. A replica that did not see all bytes reads the finished object once instead.
 */
export class ObjectIngest implements Ingest {
  readonly #parts: IngestParts
  #state: IngestState
  /** Of all bytes so far, or `undefined` when another process received some of them. */
  #hasher: Hasher | undefined
  /** The bytes of the tail, if this process has them. */
  #tail: Uint8Array<ArrayBuffer> | undefined
  #isOpen = true
  /** The bucket may have objects of the ingest that its state does not name. */
  #mayHaveLeftovers: boolean

  constructor(state: IngestState, parts: IngestParts) {
    this.#state = state
    this.#parts = parts
    this.#mayHaveLeftovers = parts.isContinued
    this.#hasher = state.size === 0 ? createHasher(state.algorithm) : undefined
  }

  get id(): string {
    return this.#state.id
  }

  get size(): number {
    return this.#state.size
  }

  async refresh(): Promise<void> {
    const found = await this.#parts.index.ingests.find(this.id)
    if (found === undefined || found.version === this.#state.version) return
    this.#state = found
    this.#mayHaveLeftovers = true
    this.#hasher = undefined
    this.#tail = undefined
  }

  async append(bytes: Bytes): Promise<void> {
    const { budget, bucket } = this.#parts
    let held = 0
    const kept = await this.#readTail()
    const couldHaveLeftovers = this.#mayHaveLeftovers
    this.#mayHaveLeftovers = true
    let block = new Uint8Array(Math.max(64 * 1024, kept.length))
    block.set(kept)
    let filled = kept.length
    let state = this.#state
    let received = state.size
    try {
      for await (const chunk of bytes) {
        this.#hasher?.update(chunk)
        received += chunk.length
        for (let at = 0; at < chunk.length; ) {
          const part = chunk.subarray(at, at + partSize - filled)
          if (filled + part.length > block.length) {
            const larger = roomFor(block, filled + part.length)
            held += await budget.take(larger.length - block.length)
            block = larger
          }
          block.set(part, filled)
          filled += part.length
          at += part.length
          if (filled < partSize) continue
          if (state.uploadId === undefined) {
            // Recorded before the first part, so that a sweep finds the upload after a crash.
            const uploadId = await this.#parts.bucket.parts.start(state.key)
            await this.#save({ ...this.#state, uploadId })
            state = { ...state, uploadId }
          }
          state = await this.#sendPart(state, block.subarray(0, filled))
          block = new Uint8Array(64 * 1024)
          filled = 0
          budget.giveBack(held)
          held = 0
        }
      }
    } finally {
      budget.giveBack(held)
      // What came before a broken body counts, so that the client can go on from there.
      state = { ...state, size: state.parts.length * partSize + filled }
      if (received !== state.size) this.#hasher = undefined
      const tail = block.slice(0, filled)
      const key = filled === 0 ? undefined : tailKey(state.key)
      if (key !== undefined) await bucket.write(key, once(tail), filled)
      await this.#save({ ...state, tail: key === undefined ? undefined : { key, size: filled } })
      this.#tail = tail
      this.#mayHaveLeftovers = couldHaveLeftovers
    }
  }

  async commit(expected?: Digest): Promise<Digest> {
    const { index } = this.#parts
    const { id, size } = this.#state
    const key = await this.#finish()
    const digest = await this.#digestOf(key, expected)
    if (expected !== undefined && digest !== expected) {
      await this.#drop()
      throw new ContentMismatchError(`upload ${id}`, expected, digest)
    }
    await index.ingests.finish(id, { digest, key, size }, await this.#unneeded(key))
    this.#close()
    return digest
  }

  async abort(): Promise<void> {
    // After a commit, its objects are those of the blob.
    if (this.#isOpen) await this.#drop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close()
  }

  async #sendPart(state: IngestState, body: Uint8Array): Promise<IngestState> {
    const { bucket } = this.#parts
    const { uploadId = '' } = state
    const number = state.parts.length + 1
    const tag = await bucket.parts.write(state.key, uploadId, { number, body: owned(body) })
    return { ...state, parts: [...state.parts, tag] }
  }

  /** Makes one object of the parts and the tail. Returns its key. */
  async #finish(): Promise<string> {
    const { bucket } = this.#parts
    const { uploadId, tail, key } = this.#state
    if (uploadId === undefined) {
      // A small blob is the tail itself.
      if (tail !== undefined) return tail.key
      await bucket.write(key, once(new Uint8Array()), 0)
      return key
    }
    let state = this.#state
    if (tail !== undefined) state = await this.#sendPart(state, await this.#readTail())
    try {
      await bucket.parts.finish(key, uploadId, state.parts)
    } catch (error) {
      // It may have been finished before, and the answer or the replica was lost.
      const found = isStrakeError(error, 'NOT_FOUND') ? await bucket.status(key) : undefined
      if (found?.size !== state.size) throw error
    }
    return key
  }

  /** Returns the objects of the ingest beside the one that has the blob. */
  async #unneeded(key: string): Promise<readonly string[]> {
    const { tail } = this.#state
    const left = this.#mayHaveLeftovers ? await findLeftovers(this.#parts.bucket, this.#state) : []
    return [...left, ...(tail === undefined ? [] : [tail.key])].filter((each) => each !== key)
  }

  async #readTail(): Promise<Uint8Array<ArrayBuffer>> {
    const { tail } = this.#state
    if (tail === undefined) return new Uint8Array()
    if (this.#tail?.length === tail.size) return this.#tail
    const found = new Uint8Array(tail.size)
    let at = 0
    for await (const chunk of this.#parts.bucket.read(tail.key)) {
      found.set(chunk, at)
      at += chunk.length
    }
    return found
  }

  /** The client may prove the content with another algorithm than the one that was announced. */
  async #digestOf(key: string, expected: Digest | undefined): Promise<Digest> {
    const { algorithm } = this.#state
    const wanted = expected === undefined ? algorithm : digestAlgorithm(expected)
    const own = wanted === algorithm ? this.#hasher?.digest() : undefined
    return own ?? (await this.#hashObject(key, wanted))
  }

  async #hashObject(key: string, algorithm: DigestAlgorithm): Promise<Digest> {
    const hasher = createHasher(algorithm)
    let size = 0
    for await (const chunk of this.#parts.bucket.read(key)) {
      hasher.update(chunk)
      size += chunk.length
    }
    if (size === this.#state.size) return hasher.digest()
    throw new StrakeError('UNAVAILABLE', 'Cannot finish the upload: the bucket lost a part of it')
  }

  async #save(state: IngestState): Promise<void> {
    const { index } = this.#parts
    const saved = { ...state, version: this.#state.version + 1 }
    if (!(await index.ingests.put(saved))) {
      throw new StrakeError('CONFLICT', 'Cannot continue the upload: another replica is using it')
    }
    const old = this.#state.tail
    this.#state = saved
    if (old !== undefined && old.key !== saved.tail?.key) await index.trash.add([old.key])
  }

  /** Queues everything that was received for deletion. */
  async #drop(): Promise<void> {
    const { index } = this.#parts
    await dropIngest(this.#parts, this.#state)
    await index.ingests.remove(this.id)
    this.#close()
  }

  #close(): void {
    if (this.#isOpen) this.#parts.release()
    this.#isOpen = false
  }
}

/** Gives up the parts of an ingest and queues its objects for deletion. */
export async function dropIngest(
  { bucket, index }: Pick<IngestParts, 'bucket' | 'index'>,
  state: IngestState,
): Promise<void> {
  const { key, tail } = state
  const known = tail === undefined ? [key] : [key, tail.key]
  await index.trash.add([...known, ...(await findLeftovers(bucket, state))])
}

/**
 * Returns the keys of all objects of an ingest, also of those that a process wrote and did not live to
 * record. Gives up its uploads in parts.
 */
async function findLeftovers(bucket: Bucket, { key }: IngestState): Promise<readonly string[]> {
  for await (const upload of bucket.parts.list(key)) {
    await bucket.parts.abort(upload.key, upload.uploadId)
  }
  return await Array.fromAsync(bucket.list(key), (object) => object.key)
}

/** Returns a copy of a block that has room for `wanted` bytes. */
function roomFor(block: Uint8Array<ArrayBuffer>, wanted: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(partSize, Math.max(2 * block.length, wanted)))
  larger.set(block)
  return larger
}

function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}

async function* once(bytes: Uint8Array): Bytes {
  if (bytes.length > 0) yield bytes
}
