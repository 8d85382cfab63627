import { createHash } from 'node:crypto'
import type { RawConnection, Upgrade } from '#http'
import { ApiError } from '../failure.ts'
import { standardHeaders } from '../standard-headers.ts'
import { type Conversation, leaving, type StreamChoice, writeTo } from './connection.ts'
import { closeFrame, FrameError, opcodes, readFrames, serverFrame } from './web-socket-frames.ts'

/** Added to the key of a client before it is hashed. */
const salt = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Returns the function that answers with 101 and opens the web socket. Throws 400 for a request that
 * does not ask for one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-4.2
 */
export function webSocketOf(
  { headers }: Request,
  upgrade: Upgrade | undefined,
): (use: (connection: RawConnection) => void) => Response {
  const key = headers.get('Sec-WebSocket-Key') ?? ''
  if (upgrade?.protocol.toLowerCase() !== 'websocket' || !/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    throw new ApiError(400, 'Cannot attach by a web socket: the request does not ask for one')
  }
  if (headers.get('Sec-WebSocket-Version') !== '13') {
    throw new ApiError(400, 'Cannot attach by a web socket: its version is not 13')
  }
  // A browser ends a connection whose server chooses none of the protocols that it has named.
  const protocol = headers.get('Sec-WebSocket-Protocol') ?? ''
  const answer = {
    ...standardHeaders,
    'Sec-WebSocket-Accept': createHash('sha1').update(`${key}${salt}`).digest('base64'),
    ...(/^[\w!#$%&'*+.^`|~-]+$/.test(protocol) ? { 'Sec-WebSocket-Protocol': protocol } : {}),
  }
  return (use) => upgrade.accept(answer, use)
}

/** The statuses that end a web socket: all is well, or the client has broken the protocol. */
const [normal, protocolError] = [1000, 1002]

/**
 * The streams of a process over a web socket. Messages of the client are its input, and each piece
 * of output is a message. The messages do not tell stdout from stderr, as in Docker.
 */
export function webSocketOver(
  connection: RawConnection,
  choice: StreamChoice,
  messages: 'text' | 'binary',
): Conversation {
  const input = new TransformStream<Uint8Array, Uint8Array>()
  const writer = input.writable.getWriter()
  const left = new AbortController()
  leaving(connection).addEventListener('abort', () => left.abort())
  if (connection.destroyed) left.abort()
  let isClosed = false
  const close = (status: number): void => {
    if (isClosed || connection.writableEnded) return
    isClosed = true
    connection.write(closeFrame(status))
    connection.end()
  }
  const receive = async (): Promise<void> => {
    const bytes = connection.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]()
    try {
      await readMessages(bytes, {
        // Input that nobody reads is dropped, so that a ping after it is answered.
        data: async (piece) => {
          if (choice.stdin) await writer.write(piece).catch(() => {})
        },
        ping: async (payload) => {
          if (!isClosed) await writeTo(connection, serverFrame(opcodes.pong, payload))
        },
      })
      close(normal)
    } catch (error) {
      close(error instanceof FrameError ? protocolError : normal)
    }
    await writer.close().catch(() => {})
    left.abort()
    await drain(bytes)
  }
  void receive()
  return {
    streams: {
      input: quiet(input.readable),
      async output(stream, bytes) {
        if (isClosed) throw new Error('the client has left')
        if (choice[stream]) await writeTo(connection, serverFrame(opcodes[messages], bytes))
      },
    },
    left: left.signal,
    end() {
      close(normal)
      // Input that waits for a reader would keep the end of the connection from being read.
      void writer.abort().catch(() => {})
    },
  }
}

/** Yields the input. When it is aborted, it ends without an error. */
async function* quiet(input: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* input
  } catch {
    // The conversation is over.
  }
}

interface MessageUse {
  readonly data: (piece: Uint8Array) => Promise<void>
  readonly ping: (payload: Uint8Array) => Promise<void>
}

/** Reads until the client closes the web socket or its connection. */
async function readMessages(bytes: AsyncIterator<Uint8Array>, use: MessageUse): Promise<void> {
  for await (const frame of readFrames(bytes)) {
    if (frame.kind === 'close') return
    if (frame.kind === 'data') await use.data(frame.bytes)
    if (frame.kind === 'ping') await use.ping(frame.bytes)
  }
}

/** Reads on until the end, because a connection with unread bytes does not notice its end. */
async function drain(bytes: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    while ((await bytes.next()).done !== true);
  } catch {
    // The client has broken the connection off.
  }
}
