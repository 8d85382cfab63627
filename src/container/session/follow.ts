import { isSystemError, type WindowSize } from '#platform'
import type { OutputStream } from '../model/options.ts'
import { pump } from '../process/pump.ts'
import type { StartedProcess } from '../process/started.ts'
import { DescriptorStreams } from './descriptor-streams.ts'
import type { DetachFilter } from './detach-keys.ts'
import type { SessionEnd } from './session.ts'
import { userLost } from './session-error.ts'
import type { ContainerStreams } from './streams.ts'

export interface FollowOptions {
  readonly streams: ContainerStreams
  readonly terminal: boolean
  /** Pass the user's input on. */
  readonly stdin: boolean
  readonly detach: DetachFilter
  /** Leaves the process. */
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds in which the output is awaited of what a process leaves running. */
const lastWords = 2000

/**
 * Joins a user to a process that this one has started, until it has ended and
 * its output is passed on, or the user leaves. A child of the process that has
 * its output open is waited for 2 s at most. Throws what `exited` rejects with,
 * and `SessionError` when the user's streams go.
 */
export async function followProcess(
  process: StartedProcess,
  options: FollowOptions,
): Promise<SessionEnd> {
  const { streams, signal, terminal, stdin } = options
  using _terminal =
    terminal && streams instanceof DescriptorStreams
      ? streams.enterTerminal({ keys: stdin, resize: (size: WindowSize) => process.resize(size) })
      : undefined
  const left = Promise.withResolvers<SessionEnd>()
  const isLeft = new AbortController()
  const leave = (): void => left.resolve({ type: 'detached' })
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted) leave()
  try {
    if (stdin) passInput(process, options, leave).catch(left.reject)
    const ended = passOutput(process, { streams, signal: isLeft.signal, onLost: left.reject })
    return await Promise.race([ended, left.promise])
  } finally {
    isLeft.abort()
    signal?.removeEventListener('abort', leave)
    if (streams instanceof DescriptorStreams) streams.release()
  }
}

interface PassOutput {
  readonly streams: ContainerStreams
  /** The user has left: what the process still writes is dropped. */
  readonly signal: AbortSignal
  readonly onLost: (error: unknown) => void
}

async function passOutput(
  { outputs, exited }: StartedProcess,
  { streams, signal, onLost }: PassOutput,
): Promise<SessionEnd> {
  const over = new AbortController()
  const shown = new Map<OutputStream, Promise<void>>()
  const show = async (stream: OutputStream, chunk: Uint8Array): Promise<void> => {
    if (signal.aborted) return
    const taken = streams.output(stream, chunk).catch((error) => {
      over.abort()
      onLost(userLost(error))
    })
    shown.set(stream, taken)
    await taken
  }
  const carried = Promise.all(
    outputs.map(({ stream, bytes }) => pump(bytes, (chunk) => show(stream, chunk), over.signal)),
  )
  const { code } = await exited
  const alarm = setTimeout(() => over.abort(), lastWords)
  await carried
  clearTimeout(alarm)
  await Promise.all(shown.values())
  return { type: 'exited', code }
}

async function passInput(
  { input }: StartedProcess,
  { streams, terminal, detach }: FollowOptions,
  leave: () => void,
): Promise<void> {
  if (input === undefined) return
  try {
    for await (const chunk of streams.input) {
      const { data, detached } = terminal ? detach(chunk) : { data: chunk, detached: false }
      if (data.length > 0) await input.write(data)
      if (detached) return leave()
    }
  } catch (error) {
    // The process reads no more: that is no failure.
    if (!isSystemError(error, 'EPIPE', 'EIO')) throw error
  }
  await input.end()
}
