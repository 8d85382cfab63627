import { makeDirectory, pathExists, treeCalls, writeSmallFile } from '#platform'
import { encodeConfig, isSandboxed, readBundle } from '#runtime'
import { containerPaths, type RunningContext } from '../model/context.ts'
import { randomId } from '../model/names.ts'
import type { Container } from '../model/record.ts'
import { viewOfRunning } from '../model/running-view.ts'
import { type ExecRequest, startDetached, startExec } from '../process/exec.ts'
import { type ExecNotes, execNotes } from '../process/exec-events.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import type { StartedProcess } from '../process/started.ts'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import { createDetachFilter } from '../session/detach-keys.ts'
import { onEndingSignal } from '../session/ending.ts'
import { type FollowOptions, followProcess } from '../session/follow.ts'
import { requireTerminal } from '../session/require-terminal.ts'
import type { SessionEnd } from '../session/session.ts'
import type { ContainerStreams } from '../session/streams.ts'
import { type ExecProcessOptions, execProcess, resolveExecUser } from '../setup/exec-process.ts'
import { findRunning, notRunning } from './find.ts'

export interface ExecOptions extends ExecProcessOptions {
  /** Passes the user's input on (`-i`). */
  readonly interactive?: boolean | undefined
  /** The ID of a process whose creation was recorded. Default: a new one, whose creation is recorded. */
  readonly execId?: string | undefined
  /** Returns as soon as the process runs. */
  readonly detach?: boolean | undefined
  /** Default: the standard descriptors of this process. */
  readonly streams?: ContainerStreams | undefined
  /** For a process with a terminal. Default: `ctrl-p,ctrl-q`. */
  readonly detachKeys?: string | undefined
  /** Called when the process runs, unless `detach` is given. */
  readonly onStarted?: ((process: ExecProcess) => void) | undefined
  /** Called when ending signals of this process are passed on to the process in the container. */
  readonly onSignals?: (() => void) | undefined
  /** Ends the session. The process keeps running. */
  readonly signal?: AbortSignal | undefined
}

/** A process that `exec` started. */
export type ExecProcess = Pick<StartedProcess, 'exited' | 'pid' | 'resize'>

/** How a session with a process in a container ended. */
export type ExecEnd =
  | SessionEnd
  /** A signal ended the command. The process got the signal too, and may still run. */
  | { readonly type: 'interrupted'; readonly code: number }

/**
 * Runs another process in a running container, with the capabilities and the seccomp
 * filter of the container, and waits for its end. With `detach` it returns `exited` with 0
 * when the process has started. Throws `StartError` for an absent command, `CONFLICT` if
 * the container does not run, `NOT_FOUND`, `SessionError`.
 */
export async function execInContainer(
  context: RunningContext,
  nameOrId: string,
  options: ExecOptions,
): Promise<ExecEnd> {
  const { streams = new DescriptorStreams(), tty = false, interactive = false } = options
  const detach = createDetachFilter(options.detachKeys)
  const container = requireRunning(await findRunning(context, nameOrId))
  const { run } = containerPaths(context, container.id)
  const name = `exec-${Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex')}`
  const own = `${run}/${name}`
  makeDirectory(own, 0o700)
  try {
    const size = streams instanceof DescriptorStreams ? streams.size : undefined
    const consoleSize = tty ? (options.consoleSize ?? size) : undefined
    const request = prepare(context, container, { ...options, consoleSize, own })
    const { command, execId: id = randomId() } = options
    const isCreated = options.execId !== undefined
    const notes = execNotes(context.records, { container, id, command }, { isCreated })
    if (options.detach) {
      await Promise.all([startDetached(request), notes.begin()])
      return { type: 'exited', code: 0 }
    }
    if (tty && interactive) requireTerminal(streams)
    const { signal, onSignals, onStarted } = options
    const session = {
      streams,
      detach,
      terminal: tty,
      stdin: interactive,
      signal,
      onSignals,
      onStarted,
      notes,
    }
    return await runExec(request, session)
  } finally {
    removeOwn(run, name)
  }
}

/** The directory above it is gone if the container was removed meanwhile. */
function removeOwn(run: string, name: string): void {
  if (!pathExists(run)) return
  const above = treeCalls.openRoot(run)
  try {
    treeCalls.removeTree(above, Buffer.from(name))
  } finally {
    treeCalls.closeDescriptor(above)
  }
}

/** Throws what `execInContainer` throws for a user that the container does not have. */
export function requireExecUser(container: Container, user: string): void {
  using files = viewOfRunning(requireRunning(container), container.settings.runtime)
  resolveExecUser({ settings: container.settings, files }, user)
}

function requireRunning(container: Container): Container {
  if (container.state.status !== 'running') throw notRunning('exec in', container)
  return container
}

function prepare(
  context: RunningContext,
  container: Container,
  options: ExecOptions & { readonly own: string },
): ExecRequest {
  const { id, name, settings } = container
  const { own: directory, consoleSize, signal, tty = false, interactive = false } = options
  const what = `a process in container ${name}`
  const runtime = runtimeOf(context, container)
  using files = viewOfRunning(container, runtime)
  const base = readBundle(containerPaths(context, id).directory).process
  const place = { settings, base, files, isSandboxed: isSandboxed(runtime), what }
  const process = execProcess(place, options)
  writeSmallFile(`${directory}/process.json`, encodeConfig(process), 0o600)
  const program = options.command[0] ?? 'the command'
  return {
    runtime,
    id,
    what,
    program,
    directory,
    consoleSize,
    signal,
    terminal: tty,
    hasInput: interactive,
  }
}

interface RunExec extends StartAndFollow {
  readonly onSignals: (() => void) | undefined
}

/** Milliseconds that the process has to end after the first signal. */
const endLimit = 2000

/**
 * Forwards the first signal that asks this process to end to the process in the container,
 * which then has a moment to end. Ends a runtime that has not started the process yet at
 * once.
 */
async function runExec(request: ExecRequest, options: RunExec): Promise<ExecEnd> {
  const { onSignals, signal } = options
  if (onSignals === undefined) return await startAndFollow(request, { ...options, signal })
  const [abandon, leave] = [new AbortController(), new AbortController()]
  let interrupted: ExecEnd | undefined
  let alarm: ReturnType<typeof setTimeout> | undefined
  let send: (name: NodeJS.Signals) => void = () => {}
  using _signals = onEndingSignal((name, code) => {
    // The second signal ends the command at once.
    if (interrupted !== undefined) return leave.abort()
    interrupted = { type: 'interrupted', code }
    abandon.abort()
    send(name)
    alarm = setTimeout(() => leave.abort(), endLimit)
  })
  onSignals()
  const given = signal === undefined ? [] : [signal]
  try {
    const end = await startAndFollow(
      { ...request, signal: AbortSignal.any([abandon.signal, ...given]) },
      {
        ...options,
        signal: AbortSignal.any([leave.signal, ...given]),
        onStarted: (process) => {
          options.onStarted?.(process)
          send = process.signal
        },
      },
    )
    return end.type === 'detached' ? (interrupted ?? end) : end
  } catch (error) {
    // A killed runtime has started no process.
    if (interrupted !== undefined) return interrupted
    throw error
  } finally {
    clearTimeout(alarm)
  }
}

interface StartAndFollow extends FollowOptions {
  readonly notes: ExecNotes
  readonly onStarted?: ((process: StartedProcess) => void) | undefined
}

async function startAndFollow(
  request: ExecRequest,
  { notes, onStarted, ...options }: StartAndFollow,
): Promise<SessionEnd> {
  // The start is recorded while the runtime works.
  const [process] = await Promise.all([startExec(request), notes.begin()])
  onStarted?.(process)
  const ended = process.exited.then(({ code }) => notes.end(code))
  // `followProcess` throws the reason too, and an end after the session has no reader.
  ended.catch(() => {})
  const end = await followProcess(process, options)
  if (end.type === 'exited') await ended
  else {
    process.leave()
    // Nobody will write to the process any more.
    await process.input?.end()
    if (!options.signal?.aborted) await notes.detach()
  }
  return end
}
