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
  /** Ends the session and leaves the process running. */
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds in which output is passed on after the process has ended. */
const drainLimit = 2000

/**
 * Connects a user to a process until the process has ended and its output is
 * passed on, or until the user leaves. If a child of the process keeps the output
 * open, the session ends 2 s after the process. Throws the rejection of `exited`,
 * and `SessionError` when the user's streams fail.
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
  /** Aborted when the user has left: later output of the process is dropped. */
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
  const alarm = setTimeout(() => over.abort(), drainLimit)
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
    // The process has closed its input. That is no failure.
    if (!isSystemError(error, 'EPIPE', 'EIO')) throw error
  }
  await input.end()
}
