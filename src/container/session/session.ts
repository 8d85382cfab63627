import { isTerminal, makeRaw, readInput, sharedWriter, windowSize } from '#platform'
import type { MonitorConnection } from '../protocol/connection.ts'
import { createDetachFilter } from './detach-keys.ts'
import type { UserStreams } from './streams.ts'

export interface SessionOptions {
  readonly streams: UserStreams
  /** Whether the container has a terminal, so that ours is handed over to it. */
  readonly terminal: boolean
  /** Pass our input on. */
  readonly stdin: boolean
  /** `ctrl-p,ctrl-q` unless given; they leave the container running. */
  readonly detachKeys?: string
  /** Ends the session and leaves the container running. */
  readonly signal?: AbortSignal
}

/** How a session ended: with the container, or before it. */
export type SessionEnd =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'detached' }

/**
 * Joins a user to a container until one of them goes. While it lasts, a
 * terminal on both sides is in raw mode and its size is passed on.
 */
export async function runSession(
  connection: MonitorConnection,
  options: SessionOptions,
): Promise<SessionEnd> {
  const { streams, signal } = options
  const raw = options.terminal && options.stdin && isTerminal(streams.stdin)
  const restore = raw ? makeRaw(streams.stdin) : undefined
  const stopSizes = options.terminal ? passSizes(connection, streams.stdout) : undefined
  const left = Promise.withResolvers<SessionEnd>()
  const leave = (): void => left.resolve({ type: 'detached' })
  signal?.addEventListener('abort', leave, { once: true })
  try {
    if (options.stdin) void passInput(connection, options, leave)
    return await Promise.race([passOutput(connection, streams), left.promise])
  } finally {
    signal?.removeEventListener('abort', leave)
    stopSizes?.()
    restore?.()
    await connection.close()
  }
}

async function passOutput(
  connection: MonitorConnection,
  streams: UserStreams,
): Promise<SessionEnd> {
  const writers = { stdout: sharedWriter(streams.stdout), stderr: sharedWriter(streams.stderr) }
  for await (const frame of connection.frames) {
    if (frame.kind === 'stdout' || frame.kind === 'stderr') {
      await writers[frame.kind].write(frame.data)
    }
    if (frame.kind === 'exit') return { type: 'exited', code: frame.code }
  }
  return { type: 'detached' }
}

async function passInput(
  connection: MonitorConnection,
  { streams, terminal, detachKeys }: SessionOptions,
  leave: () => void,
): Promise<void> {
  const filter = terminal ? createDetachFilter(detachKeys) : undefined
  for await (const chunk of readInput(streams.stdin)) {
    const { data, detached } = filter?.(chunk) ?? { data: chunk, detached: false }
    if (data.length > 0) await connection.send({ kind: 'stdin', data })
    if (detached) return leave()
  }
  await connection.send({ kind: 'end' })
}

/** Tells the container how large our terminal is, now and whenever that changes. */
function passSizes(connection: MonitorConnection, fd: number): () => void {
  const pass = (): void => {
    const size = windowSize(fd)
    if (size !== undefined) void connection.send({ kind: 'resize', ...size })
  }
  pass()
  process.on('SIGWINCH', pass)
  return () => process.off('SIGWINCH', pass)
}
