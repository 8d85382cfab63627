import { type Compression, compressMember, compressorName, isMemberOf } from './compress-member.ts'
import type { CompressJob, CompressSetup } from './compress-worker.ts'
import { workerPath } from './worker-path.ts'

/** Compresses in threads of its own. Disposing ends them, and what still runs never ends. */
export interface CompressThreads extends Disposable {
  /** The same chunk and name always give the same bytes; both change with the runtime. */
  readonly compressor: string
  /** How many chunks are worth being under way. */
  readonly parallel: number
  /** Memory for a chunk, as soon as some is free. Give all of it back by `compress` or `release`. */
  take(): Promise<ChunkMemory>
}

/** Memory that the threads share. */
export interface ChunkMemory {
  /** `maxChunkSize` bytes to be filled, with anything in them. */
  readonly bytes: Uint8Array
  /**
   * The gzip member or zstd frame of the first `length` bytes: `kept`, if it decompresses to
   * exactly them, else made anew. `kept` may be taken away from its owner.
   */
  compress(length: number, kept?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  /** Gives it back unused. */
  release(): void
}

/** The most bytes of a chunk. */
export const maxChunkSize: number = 2 * 1024 * 1024

/** Up to here another thread takes longer to reach than the work takes. */
const smallSize = 65_536

/** More than this, and reading the chunks is what they wait for. */
const mostThreads = 8

/**
 * Opens as many threads as there are processors, up to eight, each when it is
 * first needed. Without workers as the web has them everything happens in this
 * thread.
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
    // One at work and one at hand for every thread, and one being filled.
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

  /** `undefined` when there are enough. */
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
