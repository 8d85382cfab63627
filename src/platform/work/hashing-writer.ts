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
  endFile,
  filledAt,
  fillSlot,
  type HashedFile,
  maxParts,
  type Ring,
  slots,
  writeChunk,
} from './hash-ring.ts'
import { workerPath } from './worker-path.ts'

/**
 * Writes a file and hashes it at the same time. The caller fills memory of the writer, so that it
 * can read content directly into it. Disposal ends the writing; close the descriptor only after
 * that.
 */
export interface HashingWriter extends AsyncDisposable {
  /** Bytes reserved so far. */
  readonly size: number
  /** Bytes that can be reserved before the next `flush`. */
  readonly free: number
  /** Returns memory for the next `count` bytes of the file. Fill all of it, zeros too, before the next call. */
  reserve(count: number): Uint8Array
  /** Copies a range of `source` into the file. */
  copy(source: Buffer, start: number, end: number): void
  /**
   * Also hashes the last `count` reserved bytes on their own. A part that `continues` has one digest
   * together with the next part.
   */
  hashPart(count: number, continues?: boolean): void
  /** Appends a copy of `chunk`, however large. */
  append(chunk: Uint8Array): Promise<void>
  /** Passes the reserved bytes to the sink. Then there is space for `maxReserve` bytes. */
  flush(): Promise<void>
  /** Passes the rest to the sink and waits until everything is written. */
  finish(): Promise<HashedFile>
}

/** Maximal bytes of one reservation. */
export const maxReserve: number = chunkSize

export interface HashingWriterOptions {
  /**
   * The approximate size of the file. A file of some mebibytes is hashed and written in
   * another thread, which starts in some milliseconds and halves the time on two
   * processors. The result is the same. Without a size, the thread starts when that many
   * bytes were written.
   */
  readonly expectedSize?: number | undefined
  /**
   * Lets the filling thread write too when the other thread falls behind. Then chunks
   * are written in any order, and zeros may become holes: a file after a crash is unusable, and
   * the descriptor must not be in append mode.
   */
  readonly isShared?: boolean
}

/** Maximal writers with a thread at a time. A registry has a writer for every client. */
const mostThreaded = (): number => Math.max(4, 2 * cpuCount())
let threaded = 0

/** True when a writer for a large file, opened now, gets a thread. */
export function hasFreeThread(): boolean {
  return typeof Worker === 'function' && cpuCount() > 1 && threaded < mostThreaded()
}

/** Chunks that are filled before a thread starts, for a file of unknown size. */
const patience = 4

/** Writes an open and empty file. No other code may write or close it until disposal. */
export function openHashingWriter(
  descriptor: number,
  { expectedSize, isShared = false }: HashingWriterOptions = {},
): HashingWriter {
  const isSmall = expectedSize !== undefined && expectedSize < patience * chunkSize
  if (!hasFreeThread() || isSmall) return new Filling(openPlain(descriptor, isShared))
  const startAt = expectedSize === undefined ? patience : 0
  return new Filling(openThread(descriptor, { isShared, startAt }))
}

/** A chunk to be filled, and its parts with separate digests. */
interface Slot {
  readonly chunk: Uint8Array
  readonly parts: Int32Array
}

/** Takes filled slots and returns empty ones. */
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

  hashPart(count: number, continues = false): void {
    if (count > this.#filled) throw new RangeError(`Fewer than ${count} bytes are reserved`)
    const { parts } = this.#slot
    parts[2 * this.#partCount] = this.#filled - count
    parts[2 * this.#partCount + 1] = continues ? -count : count
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
    // Filling blocks the thread, so this pauses for signals and other tasks.
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

function openPlain(descriptor: number, hasHoles: boolean): Sink {
  const file = { descriptor, hasHoles }
  const hasher = createChunkHasher()
  const slot = { chunk: new Uint8Array(chunkSize), parts: new Int32Array(2 * maxParts) }
  let position = 0
  return {
    first: slot,
    async take(length, partCount) {
      const chunk = slot.chunk.subarray(0, length)
      hasher.update(chunk, slot.parts.subarray(0, 2 * partCount))
      writeChunk(file, chunk, position)
      position += length
      return slot
    },
    async finish() {
      endFile(file, position)
      return hasher.finish()
    },
    close: async () => {},
  }
}

function openThread(
  descriptor: number,
  { isShared, startAt }: { readonly isShared: boolean; readonly startAt: number },
): Sink {
  const ring = createRing(descriptor, isShared)
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
  /** Writes the chunk that the other thread would reach last. Returns false when none is left. */
  const help = (emptied: number): boolean => {
    const last = waiting.pop()
    if (last === undefined || last.index < emptied) return false
    const slot = last.index % slots
    if (claimSlot(control, slot)) {
      const chunk = new Uint8Array(ring.chunks, slot * chunkSize, last.length)
      writeChunk(ring, chunk, last.position)
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
        // A thread that ended early failed. Its promise has the error.
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

/** Flushes the queue. Errors are ignored here; `finish` throws them. */
function writeRest(ring: Ring): void {
  try {
    emptyRing(ring)
  } catch {}
}

interface HashWorker {
  /** Resolves with the facts of the written file, or rejects with the error. */
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
