import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { isSystemError, startTimer } from '#platform'
import { createFrameDecoder, encodeFrame, type Frame, splitFrame } from '../protocol/frames.ts'

/** One end of the line between the monitor of a container and a client. */
export interface MonitorConnection {
  /** Resolves when the other end has room for more, or is gone. */
  send(frame: Frame): Promise<void>
  /** What the other end says until it closes the line; it waits while these are not read. */
  readonly frames: AsyncIterable<Frame>
  /** Sends what was not sent yet, then closes the line; the other end has a moment to take it. */
  close(patience?: number): Promise<void>
  /** Closes the line at once. */
  destroy(): void
}

/** `undefined` when no monitor listens there. */
export async function connectMonitor(path: string): Promise<MonitorConnection | undefined> {
  const socket = process.getBuiltinModule('node:net').connect(path)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
  } catch (error) {
    // A long path whose directory has just gone is reported as invalid.
    if (isSystemError(error, 'ENOENT', 'ECONNREFUSED') || !existsSync(path)) return undefined
    throw error
  }
  return frameConnection(socket)
}

/** Longest time the other end has for taking what was sent before the line is closed. */
const farewell = 2000

/** The line over a socket that is connected. */
export function frameConnection(socket: Socket): MonitorConnection {
  // The other end may go while this one writes: the end of its frames tells.
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
      // Closed with something unread, a socket makes the other end lose what it did not read yet.
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
    if (!isSystemError(error, 'ECONNRESET', 'EPIPE') && !socket.destroyed) throw error
  }
}
