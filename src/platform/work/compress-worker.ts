import { parentPort } from 'node:worker_threads'
import { compileEagerly } from '../process/javascript-engine.ts'
import { type Compression, compressMember, isMemberOf } from './compress-member.ts'

/** The first message to this thread: the memory of all chunks, and the settings. */
export interface CompressSetup {
  readonly memory: SharedArrayBuffer
  readonly compression: Compression
}

/** A chunk in that memory. */
export interface CompressJob {
  readonly offset: number
  readonly length: number
  /** A member that may be the result. */
  readonly kept?: Uint8Array<ArrayBuffer>
}

compileEagerly()

// A thread of `openCompressThreads`: it turns chunks into members until it is terminated.
parentPort?.once('message', ({ memory, compression }: CompressSetup) => {
  const answer = ({ offset, length, kept }: CompressJob): Uint8Array<ArrayBuffer> => {
    const chunk = new Uint8Array(memory, offset, length)
    if (kept !== undefined && isMemberOf(kept, chunk, compression)) return kept
    return compressMember(chunk, compression)
  }
  parentPort?.on('message', (job: CompressJob) => {
    const member = answer(job)
    // A member that shares its memory is copied.
    const isWhole = member.byteLength === member.buffer.byteLength
    parentPort?.postMessage(member, isWhole ? [member.buffer] : [])
  })
})
