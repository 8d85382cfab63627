import { isStrakeError } from '#oci'
import { isSystemError } from '#platform'
import { containerEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { writeStopRequest } from '../model/stop-request.ts'
import { type StopOptions, stopContainer } from './control.ts'
import { findContainer } from './find.ts'
import { removeContainer } from './remove.ts'
import { startContainer } from './start.ts'

/**
 * Stops a container and starts it again. Only starts a stopped container. A container with
 * `--rm` stays in between, and is removed when it cannot be started. Throws what stop and start throw.
 */
export async function restartContainer(
  context: ContainerContext,
  nameOrId: string,
  options: Omit<StopOptions, 'reason'> = {},
): Promise<void> {
  const container = await findContainer(context, nameOrId)
  const { id } = container
  try {
    await stopContainer(context, id, { ...options, reason: 'restart' })
    await startContainer(context, id, { signal: options.signal })
  } catch (error) {
    if (container.settings.remove) await giveUp(context, container)
    throw error
  }
  await context.records.events.note(containerEvent(getContainer(context, id), 'restart'))
}

/** Lets the monitor remove the container when it ends, or removes it if it has ended. */
async function giveUp(context: ContainerContext, { id }: Container): Promise<void> {
  try {
    // A running container may end at any time, so the monitor must know before the look.
    writeStopRequest(containerPaths(context, id), 'user')
    if (isRunning(getContainer(context, id))) return
    await removeContainer(context, id, { volumes: true })
  } catch (error) {
    // Another process has removed it, and its directory.
    if (!isStrakeError(error, 'NOT_FOUND', 'CONFLICT') && !isSystemError(error, 'ENOENT'))
      throw error
  }
}
