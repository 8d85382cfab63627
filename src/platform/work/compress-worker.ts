import { parentPort } from 'node:worker_threads'
import { compileEagerly } from '../process/jit.ts'
import { type Compression, compressMember, isMemberOf } from './compress-member.ts'

/** What this thread is sent first: where all chunks are, and what to do with them. */
export interface CompressSetup {
  readonly memory: SharedArrayBuffer
  readonly compression: Compression
}

/** A chunk in that memory. */
export interface CompressJob {
  readonly offset: number
  readonly length: number
  /** What may be its member, which then is the answer. */
  readonly kept?: Uint8Array<ArrayBuffer>
}

compileEagerly()

// The other end of `openCompressThreads`: a chunk in, a member out, until it is terminated.
parentPort?.once('message', ({ memory, compression }: CompressSetup) => {
  const answer = ({ offset, length, kept }: CompressJob): Uint8Array<ArrayBuffer> => {
    const chunk = new Uint8Array(memory, offset, length)
    if (kept !== undefined && isMemberOf(kept, chunk, compression)) return kept
    return compressMember(chunk, compression)
  }
  parentPort?.on('message', (job: CompressJob) => {
    const member = answer(job)
    // One that does not own its memory alone is copied.
    const isWhole = member.byteLength === member.buffer.byteLength
    parentPort?.postMessage(member, isWhole ? [member.buffer] : [])
  })
})
