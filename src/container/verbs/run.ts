import type { ContainerContext } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { createDetachFilter } from '../session/detach-keys.ts'
import { type LaunchedMonitor, launchMonitor } from '../session/launch.ts'
import type { MonitorHandle } from '../session/monitor-handle.ts'
import { requireTerminal } from '../session/require-terminal.ts'
import { SessionError } from '../session/session-error.ts'
import { type CreatedContainer, createLocked, type LockedContainer } from './create.ts'
import type { ForegroundOptions, RunEnd } from './foreground.ts'
import { startContainer } from './start.ts'

/** Creates a container and starts it in the background. Keeps it if it fails to start, unless `--rm` is given. */
export async function runDetached(
  context: ContainerContext,
  options: ContainerOptions,
  {
    launched,
    signal,
  }: {
    readonly launched?: LaunchedMonitor | undefined
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<CreatedContainer> {
  const { monitor } = launched ?? launchMonitor(context, { detached: true })
  const background = { ...options, stdinOnce: options.stdinOnce ?? false }
  const { lock, ...created } = await createOrAbandon(context, background, monitor)
  return await removingFailed(context, options, { ...created, lock }, async () => {
    await startContainer(context, created.id, { monitor, isLocked: true, signal })
    lock[Symbol.dispose]()
    return created
  })
}

/** Creates a container and runs it in the foreground until it ends. */
export async function runContainer(
  context: ContainerContext,
  options: ContainerOptions,
  foreground: ForegroundOptions & {
    /** Called as soon as there is a container. */
    readonly onCreated?: ((created: CreatedContainer) => void) | undefined
  } = {},
): Promise<RunEnd> {
  const launched = foreground.launched ?? launchMonitor(context, options, foreground.streams)
  const { lock, ...created } = await createOrAbandon(context, options, launched.monitor, () => {
    createDetachFilter(foreground.detachKeys)
    if (options.tty && options.interactive && foreground.streams === undefined) requireTerminal()
  })
  return await removingFailed(context, options, { ...created, lock }, async () => {
    foreground.onCreated?.(created)
    const { runForeground } = await import('./foreground.ts')
    return await runForeground(context, created.id, { ...foreground, launched, lock })
  })
}

async function createOrAbandon(
  context: ContainerContext,
  options: ContainerOptions,
  monitor: MonitorHandle,
  check: () => unknown = () => {},
): Promise<LockedContainer> {
  try {
    check()
    return await createLocked(context, options)
  } catch (error) {
    await monitor.abandon()
    throw error
  }
}

/** Removes a container with `--rm` that never ran, because it has no monitor to remove it. */
async function removingFailed<T>(
  context: ContainerContext,
  options: ContainerOptions,
  { id, lock }: LockedContainer,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    lock[Symbol.dispose]()
    // The container keeps running without its user. Its monitor removes it when it ends.
    if (error instanceof SessionError) throw error
    if (options.remove && context.records.containers.get(id) !== undefined) {
      const { removeContainer } = await import('./remove.ts')
      await removeContainer(context, id, { force: true, volumes: true })
    }
    throw error
  }
}
