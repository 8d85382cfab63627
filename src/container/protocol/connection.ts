import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { isSystemError, startTimer } from '#platform'
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
  const socket = process.getBuiltinModule('node:net').connect(path)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
  } catch (error) {
    // The kernel reports a long path as invalid if its directory was just removed.
    if (isSystemError(error, 'ENOENT', 'ECONNREFUSED') || !existsSync(path)) return undefined
    throw error
  }
  return frameConnection(socket)
}

/** Milliseconds that the other end has for reading the last frames, unless the caller chooses. */
const farewell = 2000

/** Returns the connection over a connected socket. */
export function frameConnection(socket: Socket): MonitorConnection {
  // The other end may close the connection while this end writes. The frames then end.
  socket.on('error', () => socket.destroy())
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let reading = false
  return {
    frames: (async function* () {
      reading = true
      yield* readFrames(socket)
    })(),
    async send(frame) {
      for (const part of splitFrame(frame)) {
        if (socket.destroyed) return
        if (!socket.write(encodeFrame(part))) await roomIn(socket)
      }
    },
    async close(patience = farewell) {
      // If a socket with unread input is closed, the other end loses what it has not read yet.
      socket.end()
      if (!reading) socket.resume()
      const alarm = startTimer(patience, () => socket.destroy())
      await closed
      alarm.cancel()
    },
    destroy: () => socket.destroy(),
  }
}

function roomIn(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

async function* readFrames(socket: Socket): AsyncGenerator<Frame> {
  const decode = createFrameDecoder()
  try {
    for await (const chunk of socket) yield* decode(chunk)
  } catch (error) {
    // Bytes that are not a frame are an error, also if the other end has left.
    const isEnd = isSystemError(error, 'ECONNRESET', 'EPIPE') || socket.destroyed
    if (error instanceof RangeError || !isEnd) throw error
  }
}
