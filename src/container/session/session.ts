import type { WindowSize } from '#platform'
import type { MonitorConnection } from '../protocol/connection.ts'
import { DescriptorStreams } from './descriptor-streams.ts'
import type { DetachFilter } from './detach-keys.ts'
import { monitorLost, userLost } from './session-error.ts'
import type { ContainerStreams } from './streams.ts'

export interface SessionOptions {
  readonly streams: ContainerStreams
  /** Whether the container has a terminal. The user's terminal is then taken over. */
  readonly terminal: boolean
  /** Pass the user's input on. */
  readonly stdin: boolean
  /** Finds the detach keys in the input. */
  readonly detach: DetachFilter
  /** Called when the size of the user's terminal changes. */
  readonly resize: (size: WindowSize) => void
  /** Ends the session and leaves the container running. */
  readonly signal?: AbortSignal | undefined
}

/** How a session ended: with the container, or before the container. */
export type SessionEnd =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'detached' }

/**
 * Connects a user to a container until the container ends or the user leaves, then
 * closes the connection. Throws `SessionError` when the user's streams fail, and
 * `INTERNAL` when the monitor ends first.
 */
export async function runSession(
  connection: MonitorConnection,
  options: SessionOptions,
): Promise<SessionEnd> {
  const { streams, signal, terminal } = options
  using _terminal =
    terminal && streams instanceof DescriptorStreams
      ? streams.enterTerminal({ keys: options.stdin, resize: options.resize })
      : undefined
  const left = Promise.withResolvers<SessionEnd>()
  const leave = (): void => left.resolve({ type: 'detached' })
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted) leave()
  let isOver = false
  try {
    if (options.stdin) passInput(connection, options, leave).catch(left.reject)
    return await Promise.race([passOutput(connection, streams, () => isOver), left.promise])
  } finally {
    isOver = true
    signal?.removeEventListener('abort', leave)
    if (streams instanceof DescriptorStreams) streams.release()
    await connection.close()
  }
}

async function passOutput(
  connection: MonitorConnection,
  streams: ContainerStreams,
  isOver: () => boolean,
): Promise<SessionEnd> {
  for await (const frame of connection.frames) {
    if (frame.kind === 'exit') return { type: 'exited', code: frame.code }
    // After the user has left, later frames are read so that the connection can be closed.
    if (isOver()) continue
    if (frame.kind !== 'stdout' && frame.kind !== 'stderr') continue
    await streams.output(frame.kind, frame.data).catch((error) => {
      throw userLost(error)
    })
  }
  throw monitorLost()
}

async function passInput(
  connection: MonitorConnection,
  { streams, terminal, detach }: SessionOptions,
  leave: () => void,
): Promise<void> {
  for await (const chunk of streams.input) {
    const { data, detached } = terminal ? detach(chunk) : { data: chunk, detached: false }
    if (data.length > 0) await connection.send({ kind: 'stdin', data })
    if (detached) return leave()
  }
  await connection.send({ kind: 'end' })
}
