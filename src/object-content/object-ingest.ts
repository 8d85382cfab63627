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
import { findLeftovers } from './drop-ingest.ts'
import { tailKey } from './keys.ts'
import type { IngestState, ObjectIndex } from './object-index.ts'
import { PartBlock, partSize } from './part-block.ts'
import { Source } from './source.ts'

export interface IngestParts {
  readonly bucket: Bucket
  readonly index: ObjectIndex
  /** For bytes on their way. */
  readonly budget: Budget
  /** For tails that stay in memory between requests. */
  readonly tails: Budget
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
    this.#remember(undefined)
  }

  async append(bytes: Bytes): Promise<void> {
    const { budget } = this.#parts
    const couldHaveLeftovers = this.#mayHaveLeftovers
    this.#mayHaveLeftovers = true
    using block = new PartBlock(budget)
    await block.reserve(this.#state.tail?.size ?? 0)
    let state = this.#state
    let received = state.size
    const source = new Source(bytes)
    try {
      await block.add(await this.#readTail())
      for await (const chunk of source.read()) {
        this.#hasher?.update(chunk)
        received += chunk.length
        for (let at = 0; at < chunk.length; ) {
          at += await block.add(chunk.subarray(at))
          if (!block.isFull) continue
          state = await this.#begun(state)
          state = await this.#sendPart(state, block.bytes)
          block.clear()
        }
      }
      await this.#keepTail(state, block.bytes, received)
      this.#mayHaveLeftovers = couldHaveLeftovers
    } catch (error) {
      if (source.failure === undefined) {
        await this.#keepParts(state)
        throw error
      }
      // What came before a broken body counts, so that the client can go on from there.
      await this.#keepTail(state, block.bytes, received)
      this.#mayHaveLeftovers = couldHaveLeftovers
      throw error
    }
  }

  /** Records the upload of parts before the first part, so that a sweep finds it after a crash. */
  async #begun(state: IngestState): Promise<IngestState> {
    if (state.uploadId !== undefined) return state
    const uploadId = await this.#parts.bucket.parts.start(state.key)
    await this.#save({ ...this.#state, uploadId })
    return { ...state, uploadId }
  }

  /** Stores what is left behind the parts, and the state with both. */
  async #keepTail(
    state: IngestState,
    tail: Uint8Array<ArrayBuffer>,
    received: number,
  ): Promise<void> {
    const size = state.parts.length * partSize + tail.length
    if (received !== size) this.#hasher = undefined
    const key = tail.length === 0 ? undefined : tailKey(state.key)
    try {
      const { bucket, budget } = this.#parts
      if (key !== undefined) await budget.sending(() => bucket.put(key, tail))
      const kept = key === undefined ? undefined : { key, size: tail.length }
      await this.#save({ ...state, size, tail: kept })
    } catch (error) {
      await this.#keepParts(state)
      throw error
    }
    this.#remember(tail)
  }

  /**
   * Stores the parts that the bucket took before it or the index failed, so that the client can go on
   * behind them.
   */
  async #keepParts(state: IngestState): Promise<void> {
    // It has seen more than is kept.
    this.#hasher = undefined
    const count = state.parts.length
    if (count === this.#state.parts.length) return
    await this.#save({ ...state, size: count * partSize, tail: undefined }).catch(() => {})
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
    const { bucket, budget } = this.#parts
    const { uploadId = '' } = state
    const part = { number: state.parts.length + 1, body: owned(body) }
    const tag = await budget.sending(() => bucket.parts.write(state.key, uploadId, part))
    return { ...state, parts: [...state.parts, tag] }
  }

  /** Makes one object of the parts and the tail. Returns its key. */
  async #finish(): Promise<string> {
    const { bucket } = this.#parts
    const { uploadId, tail, key } = this.#state
    if (uploadId === undefined) {
      // A small blob is the tail itself.
      if (tail !== undefined) return tail.key
      await bucket.put(key, new Uint8Array())
      return key
    }
    const state = await this.#sendTail()
    try {
      await bucket.parts.finish(key, uploadId, state.parts)
    } catch (error) {
      // It may have been finished before, and the answer or the replica was lost.
      const found = isStrakeError(error, 'NOT_FOUND') ? await bucket.status(key) : undefined
      if (found?.size !== state.size) throw error
    }
    return key
  }

  /** Makes the tail the last part. */
  async #sendTail(): Promise<IngestState> {
    const { budget } = this.#parts
    const { tail } = this.#state
    if (tail === undefined) return this.#state
    const held = this.#tail === undefined ? await budget.take(tail.size) : 0
    try {
      return await this.#sendPart(this.#state, await this.#readTail())
    } finally {
      budget.giveBack(held)
    }
  }

  /** Keeps the bytes of the tail in memory, if there is room. */
  #remember(tail: Uint8Array<ArrayBuffer> | undefined): void {
    const { tails } = this.#parts
    if (this.#tail !== undefined) tails.giveBack(this.#tail.buffer.byteLength)
    this.#tail = tail !== undefined && tails.tryTake(tail.buffer.byteLength) ? tail : undefined
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

  /** Leaves everything that was received to the next sweep: the bucket may not answer now. */
  async #drop(): Promise<void> {
    this.#close()
    const id = `dropped-${crypto.randomUUID()}`
    await this.#parts.index.ingests.discard(this.id, { ...this.#state, id })
  }

  #close(): void {
    if (this.#isOpen) this.#parts.release()
    this.#isOpen = false
    this.#remember(undefined)
  }
}

function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}
