import { writeAllNow } from '../call/write-all-now.ts'
import { cpuCount } from '../process/host.ts'
import {
  abandon,
  chunkSize,
  claimSlot,
  createChunkHasher,
  createRing,
  emptiedAt,
  emptyRing,
  end,
  filledAt,
  fillSlot,
  type HashedFile,
  maxParts,
  type Ring,
  slots,
} from './hash-ring.ts'
import { workerPath } from './worker-path.ts'

/**
 * Writes a file and hashes it on the way. Whoever fills it gets memory to fill,
 * so that contents can be read straight into it. Disposing ends the writing; the
 * descriptor may be closed after that and not before.
 */
export interface HashingWriter extends AsyncDisposable {
  /** Bytes reserved so far. */
  readonly size: number
  /** Bytes that can be reserved before the next `flush`. */
  readonly free: number
  /** The next `count` bytes of the file, to be filled, with zeros too, before the next call. */
  reserve(count: number): Uint8Array
  /** Reserves as many bytes as `source` has between two places, and copies those. */
  copy(source: Buffer, start: number, end: number): void
  /** The last `count` bytes reserved are to be hashed by themselves, too. */
  hashPart(count: number): void
  /** Appends a copy of `chunk`, however large. */
  append(chunk: Uint8Array): Promise<void>
  /** Passes on what is there; then there is room for `maxReserve` bytes. */
  flush(): Promise<void>
  /** Passes on the rest and waits for all of it. */
  finish(): Promise<HashedFile>
}

/** The most bytes that can be reserved at once. */
export const maxReserve: number = chunkSize

export interface HashingWriterOptions {
  /**
   * Bytes that will be written, about. From some mebibytes on they are hashed and
   * written in another thread, which takes some milliseconds to start and halves the
   * time of filling where there are two processors; the bytes are the same. When the
   * size is not known, the thread starts as soon as that much was written.
   */
  readonly expectedSize?: number | undefined
  /**
   * Let whoever fills write too, when the other thread does not keep up: then chunks
   * come in any order, so what a crash leaves is of no use, and the descriptor must
   * not be one that appends.
   */
  readonly isShared?: boolean
}

/** Writers at a time that may have a thread; a registry has as many as it has clients. */
const mostThreaded = (): number => Math.max(4, 2 * cpuCount())
let threaded = 0

/** Whether a writer opened now for much content gets a thread of its own. */
export function hasFreeThread(): boolean {
  return typeof Worker === 'function' && cpuCount() > 1 && threaded < mostThreaded()
}

/** Chunks that are filled before a thread starts that is perhaps not needed. */
const patience = 4

/** Writes an open and empty file, which nobody else may write or close meanwhile. */
export function openHashingWriter(
  descriptor: number,
  { expectedSize, isShared = false }: HashingWriterOptions = {},
): HashingWriter {
  const isSmall = expectedSize !== undefined && expectedSize < patience * chunkSize
  if (!hasFreeThread() || isSmall) return new Filling(openPlain(descriptor))
  const startAt = expectedSize === undefined ? patience : 0
  return new Filling(openThread(descriptor, { isShared, startAt }))
}

/** A chunk to be filled, and the parts of it to be hashed by themselves. */
interface Slot {
  readonly chunk: Uint8Array
  readonly parts: Int32Array
}

/** Takes filled slots; each one it gives may be filled until it is given back. */
interface Sink {
  readonly first: Slot
  take(length: number, partCount: number): Promise<Slot>
  finish(): Promise<HashedFile>
  close(): Promise<void>
}

class Filling implements HashingWriter {
  readonly #sink: Sink
  #slot: Slot
  #filled = 0
  #partCount = 0
  #passed = 0

  constructor(sink: Sink) {
    this.#sink = sink
    this.#slot = sink.first
  }

  get size(): number {
    return this.#passed + this.#filled
  }

  get free(): number {
    return this.#partCount === maxParts ? 0 : chunkSize - this.#filled
  }

  reserve(count: number): Uint8Array {
    if (count > this.free) throw new RangeError(`There is no room for ${count} bytes`)
    this.#filled += count
    return this.#slot.chunk.subarray(this.#filled - count, this.#filled)
  }

  copy(source: Buffer, start: number, end: number): void {
    if (end - start > this.free) throw new RangeError(`There is no room for ${end - start} bytes`)
    source.copy(this.#slot.chunk, this.#filled, start, end)
    this.#filled += end - start
  }

  hashPart(count: number): void {
    if (count > this.#filled) throw new RangeError(`Less than ${count} bytes are there`)
    const { parts } = this.#slot
    parts[2 * this.#partCount] = this.#filled - count
    parts[2 * this.#partCount + 1] = count
    this.#partCount++
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.free === 0) await this.flush()
      const part = chunk.subarray(at, at + this.free)
      this.reserve(part.length).set(part)
      at += part.length
    }
  }

  async flush(): Promise<void> {
    if (this.#filled === 0 && this.#partCount === 0) return
    const [filled, partCount] = [this.#filled, this.#partCount]
    this.#passed += filled
    this.#filled = 0
    this.#partCount = 0
    this.#slot = await this.#sink.take(filled, partCount)
    // Filling blocks the thread: signals and other steps want their turn too.
    await new Promise((resolve) => setImmediate(resolve))
  }

  async finish(): Promise<HashedFile> {
    await this.flush()
    return await this.#sink.finish()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sink.close()
  }
}

function openPlain(descriptor: number): Sink {
  const hasher = createChunkHasher()
  const slot = { chunk: new Uint8Array(chunkSize), parts: new Int32Array(2 * maxParts) }
  let position = 0
  return {
    first: slot,
    async take(length, partCount) {
      const chunk = slot.chunk.subarray(0, length)
      hasher.update(chunk, slot.parts.subarray(0, 2 * partCount))
      writeAllNow(descriptor, chunk, position)
      position += length
      return slot
    },
    finish: async () => hasher.finish(),
    close: async () => {},
  }
}

function openThread(
  descriptor: number,
  { isShared, startAt }: { readonly isShared: boolean; readonly startAt: number },
): Sink {
  const ring = createRing(descriptor)
  const control = new Int32Array(ring.control)
  let worker = startAt === 0 ? startWorker(ring) : undefined
  let isEnded = false
  let isClosed = false
  threaded++
  const waiting: { index: number; length: number; position: number }[] = []
  let [count, position] = [0, 0]
  const slotOf = (): Slot => ({
    chunk: new Uint8Array(ring.chunks, (count % slots) * chunkSize, chunkSize),
    parts: new Int32Array(ring.parts, (count % slots) * maxParts * 8, 2 * maxParts),
  })
  const pass = (length: number, partCount = 0): void => {
    fillSlot(control, count % slots, { length, partCount })
    Atomics.store(control, filledAt, ++count)
    Atomics.notify(control, filledAt)
  }
  /** Writes the chunk that the other thread would come to last; false when there is none left. */
  const help = (emptied: number): boolean => {
    const last = waiting.pop()
    if (last === undefined || last.index < emptied) return false
    const slot = last.index % slots
    if (claimSlot(control, slot)) {
      const chunk = new Uint8Array(ring.chunks, slot * chunkSize, last.length)
      writeAllNow(descriptor, chunk, last.position)
    }
    return true
  }
  return {
    first: slotOf(),
    async take(length, partCount) {
      if (isShared) waiting.push({ index: count, length, position })
      if (waiting.length > slots) waiting.shift()
      position += length
      pass(length, partCount)
      if (worker === undefined) {
        if (count < startAt) return slotOf()
        worker = startWorker(ring)
      }
      for (;;) {
        const emptied = Atomics.load(control, emptiedAt)
        if (count - emptied < slots) return slotOf()
        if (help(emptied)) continue
        // A thread that ended before its time has failed, and says why.
        await Promise.race([Atomics.waitAsync(control, emptiedAt, emptied).value, worker.ended])
      }
    },
    async finish() {
      pass(end)
      isEnded = true
      return worker === undefined ? emptyRing(ring) : await worker.ended
    },
    async close() {
      if (isClosed) return
      isClosed = true
      threaded--
      pass(abandon)
      if (worker === undefined) {
        if (!isEnded) writeRest(ring)
        return
      }
      await worker.ended.catch(() => {})
      worker.terminate()
    },
  }
}

/** What was passed on must get to the file; why it did not, only who finishes hears. */
function writeRest(ring: Ring): void {
  try {
    emptyRing(ring)
  } catch {}
}

interface HashWorker {
  /** What was written, or why not. */
  readonly ended: Promise<HashedFile>
  terminate(): void
}

function startWorker(ring: Ring): HashWorker {
  const worker = new Worker(workerPath('hash-worker'))
  const ended = new Promise<HashedFile>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent) => {
      if ('file' in data) resolve(data.file)
      else reject(Object.assign(new Error(data.error.message), data.error))
    }
    worker.onerror = ({ message }) => reject(new Error(`the hashing thread ended: ${message}`))
  })
  ended.catch(() => {})
  worker.postMessage(ring)
  return { ended, terminate: () => worker.terminate() }
}
