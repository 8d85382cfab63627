import { isStrakeError, StrakeError } from '#oci'
import { isAlive } from '#platform'
import type { ContainerContext } from '../model/context.ts'
import { lockContainer, tryLockContainer } from '../model/lock.ts'
import { type Container, getContainer, isRunning, readContainer } from '../model/record.ts'
import { waitForDeath, waitForEnd } from '../protocol/await-end.ts'
import { reconcileContainer } from '../recovery/reconcile.ts'
import { removeRemains } from '../setup/remains.ts'
import { killContainer } from './control.ts'
import { findContainer } from './find.ts'

export interface RemoveOptions {
  /** Kills a running container first. */
  readonly force?: boolean | undefined
  /** Removes its anonymous volumes too. */
  readonly volumes?: boolean | undefined
}

/**
 * Removes a container. Waits while another process starts it or cleans up after it. Throws
 * `CONFLICT` if it runs and `force` is not given, `UNAVAILABLE` if it cannot be killed, `NOT_FOUND`.
 */
export async function removeContainer(
  context: ContainerContext,
  nameOrId: string,
  options: RemoveOptions = {},
): Promise<void> {
  const found = await findContainer(context, nameOrId)
  let isKilled = false
  try {
    for (;;) {
      const container = getContainer(context, found.id)
      if (isRunning(container)) {
        if (!options.force) throw stillRuns(container)
        isKilled = true
        await killIfRunning(context, found.id)
      }
      if (isKilled) await waitForDeath(context, container, { patience: 0 })
      else await waitForEnd(context, found.id)
      using _lock = await lockContainer(context, found)
      if (await removeLocked(context, found.id, options)) return
    }
  } catch (error) {
    // A container with --rm removes itself when it ends.
    if (!isKilled || !isStrakeError(error, 'NOT_FOUND')) throw error
  }
}

/**
 * Removes a stopped container. Returns false if it is gone or runs, or if another process
 * starts it or cleans up after it.
 */
export async function removeStopped(
  context: ContainerContext,
  id: string,
  options: Pick<RemoveOptions, 'volumes'> = {},
): Promise<boolean> {
  using lock = tryLockContainer(context, id)
  if (lock === undefined || context.records.containers.get(id) === undefined) return false
  return await removeLocked(context, id, options)
}

/** Returns false when the container runs, or when its monitor still cleans up. */
async function removeLocked(
  context: ContainerContext,
  id: string,
  { volumes }: RemoveOptions,
): Promise<boolean> {
  const container = getContainer(context, id)
  const { monitor } = container.state
  if (isRunning(container) || (monitor !== undefined && isAlive(monitor))) return false
  await reconcileContainer(context, container)
  // A container with a damaged state may in fact run.
  if (container.state.status === 'dead' && isStillRunning(context, id)) return false
  await removeRemains(context, container, volumes)
  return true
}

function isStillRunning(context: ContainerContext, id: string): boolean {
  const record = context.records.containers.get(id)
  return record !== undefined && isRunning(readContainer(context, record))
}

async function killIfRunning(context: ContainerContext, id: string): Promise<void> {
  try {
    await killContainer(context, id, 'SIGKILL')
  } catch (error) {
    if (!isStrakeError(error, 'CONFLICT')) throw error
  }
}

function stillRuns({ name, state }: Container): StrakeError {
  return new StrakeError(
    'CONFLICT',
    `Cannot remove container ${name}: container is ${state.status}`,
    {
      remedy: 'stop it first, or use --force',
    },
  )
}
