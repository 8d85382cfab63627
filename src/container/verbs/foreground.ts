import { StrakeError } from '#oci'
import type { WindowSize } from '#platform'
import type { ExitStatus } from '#runtime'
import { containerEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type ContainerLock, lockContainer } from '../model/lock.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { connectMonitor } from '../protocol/connection.ts'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import { createDetachFilter, type DetachFilter } from '../session/detach-keys.ts'
import { type LaunchedMonitor, launchMonitor } from '../session/launch.ts'
import { requireTerminal } from '../session/require-terminal.ts'
import { runSession } from '../session/session.ts'
import { monitorLost } from '../session/session-error.ts'
import { proxySignals } from '../session/signals.ts'
import type { ContainerStreams } from '../session/streams.ts'
import { findContainer } from './find.ts'
import { noteStart, orderStart } from './start.ts'

/** How a run in the foreground ended. */
export type RunEnd =
  | ({ readonly type: 'exited' } & ExitStatus)
  /** The user left with the detach keys. The container keeps running. */
  | { readonly type: 'detached' }

export interface ForegroundOptions {
  /** Default: the standard descriptors of this process. */
  readonly streams?: ContainerStreams | undefined
  /** Passes the user's input on. Only a container that was created with `-i` reads it. Default: true. */
  readonly stdin?: boolean | undefined
  /** The size of the user's terminal. Default: the size of the terminal behind the streams. */
  readonly consoleSize?: WindowSize | undefined
  readonly detachKeys?: string | undefined
  /** A monitor from `launchMonitor`, to save its starting time. */
  readonly launched?: LaunchedMonitor | undefined
  /** The container's lock, which is released as soon as it runs. Default: taken here. */
  readonly lock?: ContainerLock | undefined
  /** Called when this process begins to forward its signals to the container. Absent: it forwards none. */
  readonly onSignals?: (() => void) | undefined
  /** Aborts the preparation. When the container runs, it ends the session. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts a container with the user's streams as its own, and waits for its end. Throws
 * `StartError` when it cannot be started, and `SessionError` when the user's streams
 * close.
 */
export async function runForeground(
  context: ContainerContext,
  nameOrId: string,
  options: ForegroundOptions = {},
): Promise<RunEnd> {
  const find = options.lock === undefined ? findContainer : getContainer
  const container = await find(context, nameOrId)
  const { streams = new DescriptorStreams(), detachKeys, signal } = options
  const detach = createDetachFilter(detachKeys)
  const lock = options.lock ?? (await lockContainer(context, container, signal))
  try {
    requireStopped(getContainer(context, container.id))
    const { tty, interactive } = container.settings
    const stdin = options.stdin !== false && interactive
    if (tty && stdin && options.streams === undefined) requireTerminal()
    const launched =
      options.launched ?? launchMonitor(context, { tty, interactive: stdin }, streams)
    const run = { ...options, context, container, streams, stdin, launched, lock }
    return launched.isDirect ? await runDirect(run) : await runOverSocket(run, detach)
  } finally {
    lock[Symbol.dispose]()
  }
}

function requireStopped(container: Container): void {
  if (!isRunning(container)) return
  throw new StrakeError('CONFLICT', `Cannot start container ${container.name}: it runs already`, {
    remedy: `join it with strake attach ${container.name}`,
  })
}

interface Run extends ForegroundOptions {
  readonly context: ContainerContext
  readonly container: Container
  readonly streams: ContainerStreams
  readonly stdin: boolean
  readonly launched: LaunchedMonitor
  readonly lock: ContainerLock
}

/** The monitor itself reads and writes the descriptors of this process. */
async function runDirect(run: Run): Promise<RunEnd> {
  const { onSignals, launched } = run
  if (onSignals === undefined) return await startDirect(run)
  using signals = proxySignals(launched.monitor.signal)
  onSignals()
  try {
    return await Promise.race([startDirect(run), signals.abandoned])
  } finally {
    launched.monitor.leave()
  }
}

async function startDirect({ context, container, launched, lock, signal }: Run): Promise<RunEnd> {
  const { monitor, feed } = launched
  try {
    await orderStart(context, container, { monitor, signal })
    await monitor.expect('started')
    feed()
    await noteStart(context, container, { isAttached: true })
    lock[Symbol.dispose]()
    const { code, oomKilled } = await monitor.expect('exited')
    return { type: 'exited', code, oomKilled }
  } finally {
    monitor.leave()
  }
}

async function runOverSocket(run: Run, detach: DetachFilter): Promise<RunEnd> {
  const { context, container, launched, lock, streams, signal, stdin } = run
  const { id, settings } = container
  const { monitor } = launched
  const own = streams instanceof DescriptorStreams ? streams.size : undefined
  const consoleSize = run.consoleSize ?? own
  await orderStart(context, container, { monitor, awaitClients: 1, signal, consoleSize })
  await monitor.expect('listening')
  const connection = await connectMonitor(containerPaths(context, id).socket)
  if (connection === undefined) throw monitorLost()
  try {
    await connection.send({ kind: 'hello', hello: { output: true } })
    await monitor.expect('started')
    await noteStart(context, container, { isAttached: true })
    lock[Symbol.dispose]()
    const terminal = settings.tty
    const end = await runSession(connection, {
      streams,
      terminal,
      stdin,
      detach,
      signal,
      async resize(size) {
        const { resizeContainer } = await import('./control.ts')
        await resizeContainer(context, container, size)
      },
    })
    if (end.type === 'detached' && !signal?.aborted) {
      await context.records.events.note(containerEvent(container, 'detach'))
    }
    return end
  } finally {
    connection.destroy()
    monitor.leave()
  }
}
