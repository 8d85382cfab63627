import { connect, type Socket } from 'node:net'
import type { Engine } from '#engine/engine'
import { isServed } from '#server/unix-socket'
import { servePrivately } from './private-server.ts'
import { socketOf } from './serve.ts'

/**
 * Connects standard input and output to the server of the store, or to one of its own when none
 * runs. Returns when the server has closed the connection.
 */
export async function dialStdio(engine: Engine, signal: AbortSignal): Promise<void> {
  const { path } = socketOf(engine)
  if (await isServed(path)) return await relay(path, signal)
  await using server = await servePrivately(engine, { signal })
  await relay(server.socket, signal)
  // Work that outlasts its connection, such as a detached exec.
  await server.idle(0, signal)
}

async function relay(path: string, signal: AbortSignal): Promise<void> {
  const socket = connect({ path, allowHalfOpen: true })
  const stop = (): void => void socket.destroy()
  signal.addEventListener('abort', stop, { once: true })
  const closed = closing(socket)
  // The end of the input ends this side alone: the answer comes after it.
  process.stdin.pipe(socket)
  socket.pipe(process.stdout)
  process.stdout.once('error', stop)
  try {
    await closed
  } finally {
    process.stdin.unpipe(socket)
    process.stdin.pause()
    signal.removeEventListener('abort', stop)
  }
}

/** Resolves when the server has sent everything. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('end', () => socket.end())
    socket.once('close', () => resolve())
    socket.once('error', reject)
  })
}
