import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  digestAlgorithm,
  StrakeError,
} from '#oci'
import {
  type Bytes,
  concat,
  createHasher,
  fromBuffer,
  type KeptChunk,
  keepChunk,
  toBuffer,
  verified,
} from '#stream'
import { anonymousId, checkIngestId } from './ingest-id.ts'
import { rangeOf } from './range.ts'
import type {
  Ingest,
  IngestOptions,
  LocalStore,
  ReadOptions,
  StoredBlob,
  WriteOutcome,
} from './store.ts'

/** Creates a store in memory. `now` returns the time. */
export function createMemoryStore(now: () => number = Date.now): LocalStore {
  return new MemoryStore(now)
}

interface MemoryBlob {
  readonly bytes: Uint8Array
  usedAt: number
}

class MemoryStore implements LocalStore {
  readonly #now: () => number
  readonly #blobs = new Map<Digest, MemoryBlob>()
  readonly #ingests = new Map<string, MemoryIngest>()

  constructor(now: () => number) {
    this.#now = now
  }

  async has(target: Descriptor): Promise<boolean> {
    const blob = this.#blobs.get(target.digest)
    if (blob?.bytes.length !== target.size) return false
    blob.usedAt = this.#now()
    return true
  }

  async *read(target: Descriptor, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    options.signal?.throwIfAborted()
    const { start, end, isWhole } = rangeOf(target, options)
    const blob = this.#blobs.get(target.digest)
    if (blob === undefined) {
      throw new StrakeError('NOT_FOUND', `Cannot read ${target.digest}: the store does not have it`)
    }
    if (isWhole) yield* verified(fromBuffer(blob.bytes), target)
    else yield* fromBuffer(blob.bytes.subarray(start, end))
  }

  async write(expected: Descriptor, bytes: Bytes): Promise<WriteOutcome> {
    if (await this.has(expected)) return 'exists'
    this.#put(expected.digest, await toBuffer(verified(bytes, expected), expected.size))
    return 'written'
  }

  async ingest(options: IngestOptions = {}): Promise<Ingest> {
    const id = checkIngestId(options.id ?? anonymousId())
    const ingest =
      this.#ingests.get(id) ??
      new MemoryIngest(id, {
        algorithm: options.algorithm ?? 'sha256',
        forget: () => this.#ingests.delete(id),
        put: (digest, bytes) => this.#put(digest, bytes),
      })
    ingest.hold()
    this.#ingests.set(id, ingest)
    return ingest
  }

  async delete(target: Descriptor): Promise<void> {
    this.#blobs.delete(target.digest)
  }

  async deleteUnless(
    digest: Digest,
    isNeeded: (blob: StoredBlob) => boolean | Promise<boolean>,
  ): Promise<boolean> {
    const blob = this.#blobs.get(digest)
    if (blob === undefined) return false
    this.#blobs.delete(digest)
    let isGone = false
    try {
      isGone = !(await isNeeded({ digest, size: blob.bytes.length, links: 1, usedAt: blob.usedAt }))
    } finally {
      if (!isGone) this.#blobs.set(digest, blob)
    }
    return isGone
  }

  async *list(): AsyncGenerator<StoredBlob> {
    for (const [digest, { bytes, usedAt }] of [...this.#blobs]) {
      yield { digest, size: bytes.length, links: 1, usedAt }
    }
  }

  #put(digest: Digest, bytes: Uint8Array): void {
    this.#blobs.set(digest, { bytes, usedAt: this.#now() })
  }
}

interface MemoryIngestOptions {
  readonly algorithm: NonNullable<IngestOptions['algorithm']>
  readonly forget: () => void
  readonly put: (digest: Digest, bytes: Uint8Array) => void
}

class MemoryIngest implements Ingest {
  readonly id: string
  readonly #options: MemoryIngestOptions
  readonly #chunks: KeptChunk[] = []
  #size = 0
  #isHeld = false

  constructor(id: string, options: MemoryIngestOptions) {
    this.id = id
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  hold(): void {
    if (this.#isHeld) {
      throw new StrakeError('CONFLICT', `Cannot resume ingest ${this.id}: another process holds it`)
    }
    this.#isHeld = true
  }

  async append(bytes: Bytes): Promise<void> {
    for await (const chunk of bytes) {
      this.#chunks.push(keepChunk(chunk))
      this.#size += chunk.length
    }
  }

  async commit(expected?: Digest): Promise<Digest> {
    const bytes = concat(this.#chunks)
    const algorithm = expected === undefined ? this.#options.algorithm : digestAlgorithm(expected)
    const hasher = createHasher(algorithm)
    hasher.update(bytes)
    const digest = hasher.digest()
    await this.abort()
    if (expected !== undefined && expected !== digest) {
      throw new ContentMismatchError('content', expected, digest)
    }
    this.#options.put(digest, bytes)
    return digest
  }

  async abort(): Promise<void> {
    this.#isHeld = false
    this.#options.forget()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isHeld = false
    if (this.#size === 0) this.#options.forget()
  }
}
