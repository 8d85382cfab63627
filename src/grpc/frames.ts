import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Frame } from './decode.ts'
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
 * Yields the place of each message. Throws `RESOURCE_EXHAUSTED` for a message above `limit`,
 * before its bytes are read, and `UNIMPLEMENTED` for compressed messages, which were not agreed on.
 */
export async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  limit: number = largestMessage,
): AsyncGenerator<Frame> {
  let parts: Uint8Array[] = []
  let size = 0
  let needed = headSize
  for await (const chunk of chunks) {
    parts.push(chunk)
    size += chunk.length
    if (size < needed) continue
    const bytes = plainArray(parts.length === 1 ? chunk : Buffer.concat(parts))
    let at = 0
    while (size >= headSize) {
      needed = headSize + messageSize(bytes, at, limit)
      if (size < needed) break
      yield { bytes, start: at + headSize, end: at + needed }
      at += needed
      size -= needed
      needed = headSize
    }
    parts = size === 0 ? [] : [bytes.subarray(at)]
  }
  if (size > 0) throw new GrpcError('INTERNAL', 'the stream ended in the middle of a message')
}

/** A part of a `Buffer` is another `Buffer`, and costs more than reading a small message. */
function plainArray({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}

/** Reads the head of the frame at `at`. */
function messageSize(bytes: Uint8Array, at: number, limit: number): number {
  const byte = (index: number): number => bytes[at + index] ?? 0
  if (byte(0) !== 0) {
    throw new GrpcError('UNIMPLEMENTED', 'compressed messages are not supported')
  }
  const length = byte(1) * 2 ** 24 + (byte(2) << 16) + (byte(3) << 8) + byte(4)
  if (length > limit) {
    throw new GrpcError('RESOURCE_EXHAUSTED', `a message of ${length} bytes is above the limit`)
  }
  return length
}
