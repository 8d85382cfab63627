import { Duplex } from 'node:stream'
import type { Draft, Message } from './message-table.ts'
import type { GrpcStream } from './rpc.ts'

/** A part of a stream of bytes. BuildKit's services use it in many places. */
export const BytesMessage = { data: ['bytes', 1] } as const

/** The most bytes of one message. The limit of programs in Go is 4 MiB. */
const largestPart = 3 * 1024 * 1024

/**
 * Returns a connection whose bytes travel as messages of a call. The call stays open until the
 * connection has ended: `end` ends its own side where the call has such a function.
 */
export function tunnel(
  stream: GrpcStream<Message<typeof BytesMessage>, Draft<typeof BytesMessage>>,
  end: () => void = () => {},
): Duplex {
  const messages = stream[Symbol.asyncIterator]()
  const connection = new Duplex({
    allowHalfOpen: true,
    read() {
      messages.next().then(
        ({ done, value }) => {
          // An empty message is no end, and an empty chunk would not be asked for again.
          if (done === true) this.push(null)
          else if (value.data.length > 0) this.push(value.data)
          else this._read(0)
        },
        (error: Error) => this.destroy(error),
      )
    },
    write(chunk: Uint8Array, _, done) {
      // Bun loses what one session of HTTP/2 writes into another one at once, so the bytes are
      // copied and written later.
      const bytes = new Uint8Array(chunk)
      process.nextTick(() => {
        sendParts(stream, bytes).then(() => done(), done)
      })
    },
    final(done) {
      end()
      done()
    },
    destroy(error, done) {
      // The reader of messages ends with the call.
      void messages.return?.()
      end()
      done(error)
    },
  })
  // A failed call ends the connection, and its user sees that end. Without a listener, the process would end too.
  connection.on('error', () => {})
  return connection
}

async function sendParts(
  stream: GrpcStream<unknown, Draft<typeof BytesMessage>>,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += largestPart) {
    await stream.send({ data: bytes.subarray(at, at + largestPart) })
  }
}
