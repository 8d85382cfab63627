import type { Http2Stream } from 'node:http2'
import { createDecoder } from './decode.ts'
import { encodeFrame, readFrames } from './frames.ts'
import type { Draft, Message, MessageTable } from './message-table.ts'
import { GrpcError } from './status.ts'

/**
 * Yields the messages that a stream of HTTP/2 carries. The stream is read as an iterable only,
 * because that alone lets a slow reader slow the sender on Bun. A reader that stops early leaves
 * the stream open.
 */
export async function* readMessages<Table extends MessageTable>(
  stream: Http2Stream,
  table: Table,
): AsyncGenerator<Message<Table>> {
  const decodeFrame = createDecoder(table)
  for await (const frame of readFrames(readBatches(stream))) yield decodeFrame(frame)
}

/**
 * Yields what has arrived since the last look. The runtime hands over every frame of HTTP/2 alone, and
 * programs in Go send a frame for each message, so small messages would cost more to hand over than to
 * read. After one turn of the loop, all that came together is read at once.
 */
async function* readBatches(stream: Http2Stream): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterable<Uint8Array> = stream.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    await new Promise<void>((resolve) => void setImmediate(resolve))
    const more: Uint8Array | null = stream.read()
    yield more === null ? chunk : Buffer.concat([chunk, more])
  }
}

/** Sends one message. Resolves when there is room for the next one. */
export async function sendMessage<Table extends MessageTable>(
  stream: Http2Stream,
  table: Table,
  message: Draft<Table>,
): Promise<void> {
  if (isOver(stream)) throw gone()
  if (!stream.write(encodeFrame(table, message)) && !(await hasRoom(stream))) throw gone()
}

function isOver(stream: Http2Stream): boolean {
  return stream.destroyed || stream.closed || stream.writableEnded
}

/** Resolves with false when the stream closes instead. */
function hasRoom(stream: Http2Stream): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (room: boolean): void => {
      stream.off('drain', onDrain)
      stream.off('close', onClose)
      resolve(room)
    }
    const onDrain = (): void => settle(true)
    const onClose = (): void => settle(false)
    stream.once('drain', onDrain)
    stream.once('close', onClose)
  })
}

function gone(): GrpcError {
  return new GrpcError('CANCELLED', 'the other side has ended the call')
}
