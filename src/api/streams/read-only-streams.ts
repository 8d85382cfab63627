import type { ContainerStreams } from '#container'
import type { StreamChoice } from './connection.ts'
import { frame } from './frames.ts'

/** The streams of a process whose client only reads an ordinary response. */
export interface ReadOnlyStreams {
  readonly streams: ContainerStreams
  readonly response: Response
  /** Ends the response. */
  readonly close: () => void
  /** Aborts when the client has left. */
  readonly left: AbortSignal
}

/** Output waits while the client does not read. */
export function readOnlyStreams(
  choice: StreamChoice,
  headers: Readonly<Record<string, string>>,
): ReadOnlyStreams {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const controller = new AbortController()
  writer.closed.catch(() => controller.abort())
  return {
    streams: {
      input: (async function* () {})(),
      async output(stream, bytes) {
        if (!choice[stream]) return
        await writer.write(choice.tty ? bytes.slice() : frame(stream, bytes))
      },
    },
    response: new Response(readable, { headers }),
    close: () => void writer.close().catch(() => {}),
    left: controller.signal,
  }
}
