import { StrakeError } from '#oci'
import { windowSize } from '#platform'
import type { ExitStatus } from '#runtime'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type ContainerLock, lockContainer } from '../model/lock.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { connectMonitor } from '../protocol/connection.ts'
import { type LaunchedMonitor, launchMonitor } from '../session/launch.ts'
import { runSession } from '../session/session.ts'
import { standardStreams, type UserStreams } from '../session/streams.ts'
import { orderStart } from './start.ts'

/** How a run in the foreground ended. */
export type RunEnd =
  | ({ readonly type: 'exited' } & ExitStatus)
  /** The user left with the detach keys; the container goes on. */
  | { readonly type: 'detached' }

export interface ForegroundOptions {
  readonly streams?: UserStreams
  readonly detachKeys?: string
  /** A monitor from `launchMonitor`, to save its starting time. */
  readonly launched?: LaunchedMonitor
  /** The container's lock, which is released as soon as it runs. Default: taken here. */
  readonly lock?: ContainerLock | undefined
  /** Aborts only the preparation; a container that runs is ended by signals. */
  readonly signal?: AbortSignal
}

/**
 * Starts a container and stays with it to its end, our streams being its own.
 * Throws `StartError` when it cannot be started.
 */
export async function runForeground(
  context: ContainerContext,
  nameOrId: string,
  options: ForegroundOptions = {},
): Promise<RunEnd> {
  const container = getContainer(context, nameOrId)
  const streams = options.streams ?? standardStreams
  const lock = options.lock ?? (await lockContainer(context, container, options.signal))
  try {
    requireStopped(getContainer(context, container.id))
    const launched = options.launched ?? launchMonitor(context, container.settings, streams)
    return container.settings.tty
      ? await runInTerminal(context, container, { ...options, streams, launched, lock })
      : await runInStreams(context, container, { ...options, launched, lock })
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

interface Launched extends ForegroundOptions {
  readonly launched: LaunchedMonitor
  readonly lock: ContainerLock
}

async function runInStreams(
  context: ContainerContext,
  container: Container,
  { launched, lock, signal }: Launched,
): Promise<RunEnd> {
  const { monitor, feed } = launched
  const stop = forwardSignals(monitor.signal)
  try {
    const prepare = signal === undefined ? {} : { signal }
    await orderStart(context, container, { monitor, foreground: true, ...prepare })
    await monitor.expect('started')
    lock[Symbol.dispose]()
    feed()
    const { code, oomKilled } = await monitor.expect('exited')
    return { type: 'exited', code, oomKilled }
  } finally {
    stop()
    monitor.leave()
  }
}

async function runInTerminal(
  context: ContainerContext,
  container: Container,
  options: Launched & { readonly streams: UserStreams },
): Promise<RunEnd> {
  const { launched, lock, streams, signal, detachKeys } = options
  const { monitor } = launched
  const consoleSize = windowSize(streams.stdout)
  await orderStart(context, container, {
    ...{ monitor, foreground: false, awaitClient: true },
    ...(consoleSize === undefined ? {} : { consoleSize }),
    ...(signal === undefined ? {} : { signal }),
  })
  await monitor.expect('listening')
  const connection = await connectMonitor(containerPaths(context, container.id).socket)
  if (connection === undefined) return { type: 'detached' }
  try {
    await connection.send({ kind: 'hello', hello: { output: true } })
    await monitor.expect('started')
    lock[Symbol.dispose]()
    return await runSession(connection, {
      ...{ streams, terminal: true, stdin: container.settings.interactive },
      ...(detachKeys === undefined ? {} : { detachKeys }),
    })
  } finally {
    await connection.close()
    monitor.leave()
  }
}

/** What a program may be sent to do its work; the rest is about us or our terminal. */
const forwarded = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const),
  ...(['SIGALRM', 'SIGCONT', 'SIGWINCH'] as const),
]

/** Passes our signals on instead of dying of them. The result puts things back. */
export function forwardSignals(send: (name: NodeJS.Signals) => void): () => void {
  const listeners = forwarded.map((name) => {
    const listener = (): void => send(name)
    process.on(name, listener)
    return { name, listener }
  })
  return () => {
    for (const { name, listener } of listeners) process.off(name, listener)
  }
}
