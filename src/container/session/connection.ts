import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { isSystemError } from '#platform'
import { createFrameDecoder, encodeFrame, type Frame } from '../protocol/frames.ts'

/** A client's line to the monitor of a container. */
export interface MonitorConnection {
  /** Resolves when the monitor has room for more. */
  send(frame: Frame): Promise<void>
  /** What it says until it closes the line. */
  readonly frames: AsyncIterable<Frame>
  close(): void
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
  // A monitor that ends while we write: the end of its frames tells.
  socket.on('error', () => socket.destroy())
  return {
    frames: readFrames(socket),
    async send(frame) {
      if (socket.destroyed || socket.write(encodeFrame(frame))) return
      await new Promise<void>((resolve) => {
        socket.once('drain', resolve)
        socket.once('close', () => resolve())
      })
    },
    close: () => socket.destroySoon(),
  }
}

async function* readFrames(socket: Socket): AsyncGenerator<Frame> {
  const decode = createFrameDecoder()
  try {
    for await (const chunk of socket) yield* decode(chunk)
  } catch (error) {
    if (!isSystemError(error, 'ECONNRESET', 'EPIPE') && !socket.destroyed) throw error
  }
}
