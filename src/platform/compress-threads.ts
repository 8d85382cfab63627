import { type Compression, compressMember } from './compress-member.ts'
import type { CompressJob } from './compress-worker.ts'
import { workerPath } from './worker-path.ts'

/** Compresses in threads of its own. Disposing ends them, and what still runs never ends. */
export interface CompressThreads extends Disposable {
  /**
   * The gzip member or zstd frame of `chunk`, which may be taken away from its owner: nobody
   * may use it, or anything else in the same memory, after that.
   */
  compress(chunk: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
}

/** Up to here another thread takes longer to reach than the work takes. */
const smallSize = 65_536

/**
 * Opens as many threads as there are processors, each when it is first needed.
 * The same chunk and compression always give the same bytes, unless the runtime
 * changes: Bun makes gzip with libdeflate, Node with zlib. Without workers as
 * the web has them everything happens in this thread.
 */
export function openCompressThreads(compression: Compression): CompressThreads {
  return new WorkerThreads(compression)
}

interface Job {
  readonly chunk: Uint8Array<ArrayBuffer>
  readonly resolve: (member: Uint8Array<ArrayBuffer>) => void
  readonly reject: (error: Error) => void
}

class WorkerThreads implements CompressThreads {
  readonly #compression: Compression
  readonly #workers: Worker[] = []
  readonly #idle: Worker[] = []
  readonly #waiting: Job[] = []
  #failure: Error | undefined

  constructor(compression: Compression) {
    this.#compression = compression
  }

  async compress(chunk: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    if (chunk.length <= smallSize || typeof Worker === 'undefined') {
      return compressMember(chunk, this.#compression)
    }
    if (this.#failure !== undefined) throw this.#failure
    return await new Promise((resolve, reject) => {
      const job = { chunk, resolve, reject }
      const worker = this.#idle.pop() ?? this.#start()
      if (worker === undefined) this.#waiting.push(job)
      else this.#give(worker, job)
    })
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate()
  }

  /** `undefined` when there are enough. */
  #start(): Worker | undefined {
    if (this.#workers.length >= navigator.hardwareConcurrency) return undefined
    const worker = new Worker(workerPath('compress-worker'))
    this.#workers.push(worker)
    return worker
  }

  #give(worker: Worker, { chunk, resolve, reject }: Job): void {
    worker.onmessage = ({ data }: MessageEvent) => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#idle.push(worker)
      else this.#give(worker, next)
      resolve(data)
    }
    worker.onerror = ({ message }) => {
      const error = new Error(`a compressing thread ended: ${message}`)
      this.#failure = error
      reject(error)
      for (const job of this.#waiting.splice(0)) job.reject(error)
    }
    const job: CompressJob = { chunk, compression: this.#compression }
    worker.postMessage(job, [chunk.buffer])
  }
}
