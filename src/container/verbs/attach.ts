import { StrakeError } from '#oci'
import { sleep, type WindowSize } from '#platform'
import { containerEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { announceClient } from '../protocol/announce.ts'
import { connectMonitor, type MonitorConnection } from '../protocol/connection.ts'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import { createDetachFilter } from '../session/detach-keys.ts'
import { requireTerminal } from '../session/require-terminal.ts'
import { runSession, type SessionEnd } from '../session/session.ts'
import { SessionError } from '../session/session-error.ts'
import { proxySignals } from '../session/signals.ts'
import type { ContainerStreams } from '../session/streams.ts'
import { passSignal, resizeContainer } from './control.ts'
import { findContainer, notRunning } from './find.ts'

/** Milliseconds between two looks for a monitor that listens. */
const pause = 10

/** Announces this client and connects as soon as a monitor listens. Throws the reason of `signal`. */
async function awaitStart(
  context: ContainerContext,
  id: string,
  { onWaiting, signal }: AttachOptions,
): Promise<MonitorConnection | undefined> {
  using _announced = announceClient(context, id)
  onWaiting?.()
  for (;;) {
    signal?.throwIfAborted()
    const connection = await connectMonitor(containerPaths(context, id).socket)
    if (connection !== undefined) return connection
    // Another process may remove it before it was ever started.
    if (context.records.containers.get(id) === undefined) return undefined
    await sleep(pause, signal)
  }
}

/** The error for a container whose terminal or input nobody can reach any more. */
function deaf({ name, settings }: Container): SessionError {
  const what = settings.tty ? 'terminal' : 'input'
  return new SessionError(
    'UNAVAILABLE',
    `Cannot attach to container ${name}: its ${what} was lost when its monitor was killed`,
    { remedy: `strake restart ${name}${settings.tty ? '' : ', or attach with --no-stdin'}` },
  )
}

export interface AttachOptions {
  /** Default: the standard descriptors of this process. */
  readonly streams?: ContainerStreams | undefined
  /** Passes the user's input on. Only a container that was created with `-i` reads it. Default: true. */
  readonly stdin?: boolean | undefined
  /**
   * Waits for the start of a container that does not run, and then passes all its output on. Called
   * when a start from then on waits for this client.
   */
  readonly onWaiting?: (() => void) | undefined
  /** Called when this process begins to forward its signals to the container. Absent: it forwards none. */
  readonly onSignals?: (() => void) | undefined
  /** Default: `ctrl-p,ctrl-q`. */
  readonly detachKeys?: string | undefined
  /** Ends the session. The container keeps running. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Attaches to the streams of a running container. Throws `CONFLICT` if it does not run,
 * `NOT_FOUND`, and `SessionError` if the user's streams close.
 */
export async function attachContainer(
  context: ContainerContext,
  nameOrId: string,
  options: AttachOptions = {},
): Promise<SessionEnd> {
  const { streams = new DescriptorStreams(), onSignals, signal } = options
  const detach = createDetachFilter(options.detachKeys)
  const container = await findContainer(context, nameOrId)
  const { name, id, settings, state } = container
  const runs = state.status === 'running' || state.status === 'restarting'
  if (!runs && options.onWaiting === undefined) throw notRunning('attach to', container)
  const stdin = options.stdin !== false && settings.interactive
  if (runs && state.isDeaf && (settings.tty || stdin)) throw deaf(container)
  if (settings.tty && stdin && options.streams === undefined) requireTerminal()
  await context.records.events.note(containerEvent(container, 'attach'))
  const connection = runs
    ? await connectMonitor(containerPaths(context, id).socket)
    : await awaitStart(context, id, options)
  if (connection === undefined) {
    throw new StrakeError('UNAVAILABLE', `Cannot attach to container ${name}: its monitor is gone`)
  }
  await connection.send({ kind: 'hello', hello: { output: true } })
  const session = {
    streams,
    detach,
    signal,
    terminal: settings.tty,
    stdin,
    resize: (size: WindowSize) => void resizeContainer(context, container, size),
  }
  if (settings.tty || onSignals === undefined) {
    const end = await runSession(connection, session)
    await noteDetach(context, container, { end, signal })
    return end
  }
  using signals = proxySignals((each) => passSignal(context, id, each))
  onSignals()
  return await Promise.race([runSession(connection, session), signals.abandoned])
}

/** Records that the user has left by the detach keys, not by the end of the session. */
async function noteDetach(
  { records }: ContainerContext,
  container: Container,
  { end, signal }: { readonly end: SessionEnd; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (end.type !== 'detached' || signal?.aborted) return
  await records.events.note(containerEvent(container, 'detach'))
}
