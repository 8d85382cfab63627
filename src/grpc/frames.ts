import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { writeMessage } from './encode.ts'
import type { Draft, MessageTable } from './message-table.ts'
import { GrpcError } from './status.ts'

/** A byte that tells of compression, and four bytes of length. */
const headSize = 5

/** The largest message that is accepted, in bytes. Clients in Go send at most 4 MiB by default. */
export const largestMessage: number = 16 * 1024 * 1024

/** Returns a message in its frame, as it is sent. */
export function encodeFrame<Table extends MessageTable>(
  table: Table,
  message: Draft<Table>,
): Uint8Array {
  const writer = new BinaryWriter()
  writer.raw(new Uint8Array(headSize))
  writeMessage(writer, table, message)
  const frame = writer.finish()
  new DataView(frame.buffer).setUint32(1, frame.length - headSize)
  return frame
}

/**
 * Yields the bytes of each message. Throws `RESOURCE_EXHAUSTED` for a message above `limit`,
 * before its bytes are read, and `UNIMPLEMENTED` for compressed messages, which were not agreed on.
 */
export async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  limit: number = largestMessage,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let size = 0
  let needed = headSize
  for await (const chunk of chunks) {
    parts.push(chunk)
    size += chunk.length
    if (size < needed) continue
    let rest = parts.length === 1 ? chunk : Buffer.concat(parts)
    for (needed = frameSize(rest, limit); rest.length >= needed; needed = frameSize(rest, limit)) {
      yield rest.subarray(headSize, needed)
      rest = rest.subarray(needed)
    }
    parts = rest.length === 0 ? [] : [rest]
    size = rest.length
  }
  if (size > 0) throw new GrpcError('INTERNAL', 'the stream ended in the middle of a message')
}

/** Returns the size of the frame that `bytes` begin with, or of a head if that is incomplete. */
function frameSize(bytes: Uint8Array, limit: number): number {
  if (bytes.length < headSize) return headSize
  if (bytes[0] !== 0) throw new GrpcError('UNIMPLEMENTED', 'compressed messages are not supported')
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
  if (length > limit) {
    throw new GrpcError('RESOURCE_EXHAUSTED', `a message of ${length} bytes is above the limit`)
  }
  return headSize + length
}
