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

/**
 * The streams of a process over the connection of a client. Output waits while the client does not
 * read. The end of the client's side ends the input alone.
 */
export function streamsOver(connection: RawConnection, choice: StreamChoice): ContainerStreams {
  return {
    input: inputOf(connection),
    async output(stream, bytes) {
      if (!choice[stream]) return
      await write(connection, choice.tty ? bytes : frame(stream, bytes))
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
async function write(connection: RawConnection, bytes: Uint8Array): Promise<void> {
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
