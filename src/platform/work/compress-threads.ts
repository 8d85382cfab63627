import { type Compression, compressMember, compressorName, isMemberOf } from './compress-member.ts'
import type { CompressJob, CompressSetup } from './compress-worker.ts'
import { workerPath } from './worker-path.ts'

/** Compresses in threads. Disposal ends the threads; promises of unfinished work never resolve. */
export interface CompressThreads extends Disposable {
  /** The same chunk and name always give the same bytes. Name and bytes may change with the runtime. */
  readonly compressor: string
  /** The useful number of chunks in work. */
  readonly parallel: number
  /**
   * Waits for free memory for a chunk. The caller returns the memory with `compress` or `release`.
   */
  take(): Promise<ChunkMemory>
}

/** Memory that the threads share. */
export interface ChunkMemory {
  /** `maxChunkSize` bytes with arbitrary content, to be filled. */
  readonly bytes: Uint8Array
  /**
   * Returns the gzip member or zstd frame of the first `length` bytes: `kept` when it
   * decompresses to exactly these bytes, else a new one. `kept` may be transferred.
   */
  compress(length: number, kept?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  /** Returns the memory unused. */
  release(): void
}

/** Maximal bytes of a chunk. */
export const maxChunkSize: number = 2 * 1024 * 1024

/** Bytes up to which passing a chunk to another thread costs more than the work. */
const smallSize = 65_536

/** Maximal threads. With more, the threads wait for the reader. */
const mostThreads = 8

/**
 * Opens a thread for each processor, up to eight, each at its first use. Without web
 * workers everything happens in this thread.
 */
export function openCompressThreads(compression: Compression): CompressThreads {
  return new WorkerThreads(compression)
}

interface Job {
  readonly message: CompressJob
  readonly resolve: (member: Uint8Array<ArrayBuffer>) => void
  readonly reject: (error: Error) => void
}

class WorkerThreads implements CompressThreads {
  readonly compressor: string
  readonly parallel: number
  readonly #compression: Compression
  readonly #most: number
  readonly #memory: SharedArrayBuffer
  readonly #free: number[]
  readonly #waiting: ((memory: ChunkMemory) => void)[] = []
  readonly #workers: Worker[] = []
  readonly #idle: Worker[] = []
  readonly #jobs: Job[] = []
  #failure: Error | undefined

  constructor(compression: Compression) {
    this.compressor = compressorName(compression)
    this.#compression = compression
    this.#most = Math.min(navigator.hardwareConcurrency, mostThreads)
    // Two chunks for every thread (one in work, one waiting), and one that is being filled.
    this.parallel = 2 * this.#most + 1
    this.#memory = new SharedArrayBuffer(this.parallel * maxChunkSize)
    this.#free = Array.from({ length: this.parallel }, (_, index) => index * maxChunkSize)
  }

  take(): Promise<ChunkMemory> {
    const offset = this.#free.pop()
    if (offset !== undefined) return Promise.resolve(this.#chunk(offset))
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate()
  }

  #chunk(offset: number): ChunkMemory {
    const bytes = new Uint8Array(this.#memory, offset, maxChunkSize)
    const release = (): void => this.#release(offset)
    return {
      bytes,
      release,
      compress: (length, kept) => this.#compress(bytes.subarray(0, length), kept).finally(release),
    }
  }

  #release(offset: number): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(offset)
    else next(this.#chunk(offset))
  }

  async #compress(
    chunk: Uint8Array,
    kept: Uint8Array<ArrayBuffer> | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (chunk.length <= smallSize || typeof Worker === 'undefined') {
      const isKept = kept !== undefined && isMemberOf(kept, chunk, this.#compression)
      return isKept ? kept : compressMember(chunk, this.#compression)
    }
    if (this.#failure !== undefined) throw this.#failure
    return await new Promise((resolve, reject) => {
      const place = { offset: chunk.byteOffset, length: chunk.length }
      const job = { message: kept === undefined ? place : { ...place, kept }, resolve, reject }
      const worker = this.#idle.pop() ?? this.#start()
      if (worker === undefined) this.#jobs.push(job)
      else this.#give(worker, job)
    })
  }

  /** Returns `undefined` when there are enough threads. */
  #start(): Worker | undefined {
    if (this.#workers.length >= this.#most) return undefined
    const worker = new Worker(workerPath('compress-worker'))
    const setup: CompressSetup = { memory: this.#memory, compression: this.#compression }
    worker.postMessage(setup)
    this.#workers.push(worker)
    return worker
  }

  #give(worker: Worker, { message, resolve, reject }: Job): void {
    worker.onmessage = ({ data }: MessageEvent) => {
      const next = this.#jobs.shift()
      if (next === undefined) this.#idle.push(worker)
      else this.#give(worker, next)
      resolve(data)
    }
    worker.onerror = (event) => {
      const error = new Error(`a compressing thread ended: ${event.message}`)
      this.#failure = error
      reject(error)
      for (const job of this.#jobs.splice(0)) job.reject(error)
    }
    worker.postMessage(message, message.kept === undefined ? [] : [message.kept.buffer])
  }
}
