import { rmSync } from 'node:fs'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { type LaunchedMonitor, launchMonitor } from '../session/launch.ts'
import type { MonitorHandle } from '../session/monitor-handle.ts'
import { type CreatedContainer, createContainer } from './create.ts'
import { type ForegroundOptions, type RunEnd, runForeground } from './foreground.ts'
import { removeContainer } from './remove.ts'
import { startContainer } from './start.ts'

/** Creates a container and starts it in the background. What cannot be started stays, unless `--rm`. */
export async function runDetached(
  context: ContainerContext,
  options: ContainerOptions,
  { launched, signal }: { readonly launched?: LaunchedMonitor; readonly signal?: AbortSignal } = {},
): Promise<CreatedContainer> {
  const { monitor } = launched ?? launchMonitor(context, { detached: true })
  const background = { ...options, stdinOnce: options.stdinOnce ?? false }
  const created = await createOrAbandon(context, background, monitor)
  return await removingFailed(context, options, created, async () => {
    await startContainer(context, created.id, {
      monitor,
      ...(signal === undefined ? {} : { signal }),
    })
    return created
  })
}

/** Creates a container and stays with it to its end. */
export async function runContainer(
  context: ContainerContext,
  options: ContainerOptions,
  foreground: ForegroundOptions & {
    /** Told as soon as there is a container. */
    readonly onCreated?: (created: CreatedContainer) => void
  } = {},
): Promise<RunEnd> {
  const launched = foreground.launched ?? launchMonitor(context, options, foreground.streams)
  const created = await createOrAbandon(context, options, launched.monitor)
  foreground.onCreated?.(created)
  return await removingFailed(context, options, created, () =>
    runForeground(context, created.id, { ...foreground, launched }),
  )
}

async function createOrAbandon(
  context: ContainerContext,
  options: ContainerOptions,
  monitor: MonitorHandle,
): Promise<CreatedContainer> {
  try {
    return await createContainer(context, options)
  } catch (error) {
    await monitor.abandon()
    throw error
  }
}

/** A container that was to remove itself and never ran has no monitor to do so. */
async function removingFailed<T>(
  context: ContainerContext,
  options: ContainerOptions,
  { id }: CreatedContainer,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (options.remove && context.records.containers.get(id) !== undefined) {
      // It was this process that started it, and it does so no more.
      rmSync(containerPaths(context, id).starter, { force: true })
      await removeContainer(context, id, { force: true, volumes: true })
    }
    throw error
  }
}
