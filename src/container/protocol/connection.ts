import { connectUnix, isSystemError, pathExists, startTimer, type UnixConnection } from '#platform'
import { createFrameDecoder, encodeFrame, type Frame, splitFrame } from '../protocol/frames.ts'

/** One end of the connection between the monitor of a container and a client. */
export interface MonitorConnection {
  /** Resolves when the other end has room for more, or has closed the connection. */
  send(frame: Frame): Promise<void>
  /**
   * The frames of the other end until it closes the connection. The other end waits
   * while they are not read.
   */
  readonly frames: AsyncIterable<Frame>
  /**
   * Sends the frames that wait, then closes the connection. The other end has `patience`
   * to read them.
   */
  close(patience?: number): Promise<void>
  /** Closes the connection at once. */
  destroy(): void
}

/** Connects to a monitor. Returns `undefined` when no monitor listens there. */
export async function connectMonitor(path: string): Promise<MonitorConnection | undefined> {
  try {
    return frameConnection(await connectUnix(path))
  } catch (error) {
    // A monitor that ends before it accepts resets the connection. The kernel reports a long path
    // as invalid if its directory was just removed.
    const isGone = isSystemError(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET')
    if (isGone || !pathExists(path)) return undefined
    throw error
  }
}

/** Milliseconds that the other end has for reading the last frames, unless the caller chooses. */
const farewell = 2000

/** Returns the connection over a connected socket. */
export function frameConnection(socket: UnixConnection): MonitorConnection {
  let reading = false
  return {
    frames: (async function* () {
      reading = true
      const decode = createFrameDecoder()
      for await (const chunk of socket.bytes) yield* decode(chunk)
    })(),
    async send(frame) {
      for (const part of splitFrame(frame)) await socket.write(encodeFrame(part))
    },
    async close(patience = farewell) {
      // If a socket with unread input is closed, the other end loses what it has not read yet.
      socket.finish()
      if (!reading) void drop(socket.bytes)
      const alarm = startTimer(patience, () => socket.destroy())
      await socket.closed
      alarm.cancel()
    },
    destroy: () => socket.destroy(),
  }
}

async function drop(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}
