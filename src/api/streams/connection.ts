import type { ContainerStreams } from '#container'
import type { RawConnection } from '#http'
import { frame } from './frames.ts'

/** The wishes of a client for the streams of a process. */
export interface StreamChoice {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  /** Output of a terminal has no frames. */
  readonly tty: boolean
}

/** A client that has taken a connection over, and the streams of a process for it. */
export interface Conversation {
  readonly streams: ContainerStreams
  /** Aborts when the client has left. */
  readonly left: AbortSignal
  /** Ends the output. */
  readonly end: () => void
}

/** A conversation in plain bytes or Docker's frames. */
export function conversationOver(connection: RawConnection, choice: StreamChoice): Conversation {
  return {
    streams: streamsOver(connection, choice),
    left: leaving(connection),
    end: () => void connection.end(),
  }
}

/**
 * The streams of a process over the connection of a client. Output waits while the client does not
 * read. The end of the client's side ends the input alone.
 */
export function streamsOver(connection: RawConnection, choice: StreamChoice): ContainerStreams {
  return {
    input: inputOf(connection),
    async output(stream, bytes) {
      if (!choice[stream]) return
      await writeTo(connection, choice.tty ? bytes : frame(stream, bytes))
    },
  }
}

async function* inputOf(connection: RawConnection): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of connection.iterator({ destroyOnReturn: false })) yield chunk
  } catch {
    // The client has broken the connection off: its input ends here.
  }
}

/** Writes a copy, because the caller may use the memory again. Throws when the client is gone. */
export async function writeTo(connection: RawConnection, bytes: Uint8Array): Promise<void> {
  if (connection.destroyed || connection.writableEnded) throw new Error('the client has left')
  if (connection.write(Buffer.from(bytes))) return
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      connection.off('drain', settle)
      connection.off('close', settle)
      if (connection.destroyed) reject(new Error('the client has left'))
      else resolve()
    }
    connection.on('drain', settle)
    connection.on('close', settle)
  })
}

/** Aborts when the client has closed the connection in both directions. */
export function leaving(connection: RawConnection): AbortSignal {
  const controller = new AbortController()
  if (connection.destroyed) controller.abort()
  else connection.once('close', () => controller.abort())
  return controller.signal
}
