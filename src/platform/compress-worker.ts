import { parentPort } from 'node:worker_threads'
import { type Compression, compressMember } from './compress-member.ts'

/** What this thread is sent. */
export interface CompressJob {
  readonly chunk: Uint8Array<ArrayBuffer>
  readonly compression: Compression
}

// The other end of `openCompressThreads`: a chunk in, a member out, until it is terminated.
parentPort?.on('message', ({ chunk, compression }: CompressJob) => {
  const member = compressMember(chunk, compression)
  // One that does not own its memory alone is copied.
  const isWhole = member.byteLength === member.buffer.byteLength
  parentPort?.postMessage(member, isWhole ? [member.buffer] : [])
})
