import { StrakeError } from '#oci'
import { type ResourceOptions, updateLimits } from '#runtime'
import { checkOptions } from '../model/check-options.ts'
import { containerEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import { invalidName, isContainerName } from '../model/names.ts'
import type { RestartPolicy } from '../model/options.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { writeJson } from '../model/state.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import { readOrder } from '../protocol/order.ts'
import { keepRecord } from '../recovery/restore.ts'
import { findContainer } from './find.ts'

/** What `update` changes. Absent members stay as they are. */
export interface ContainerChange {
  /** An absent limit, and one of 0 except `pids`, stays as it is. */
  readonly resources?: ResourceOptions | undefined
  readonly restart?: RestartPolicy | undefined
}

/**
 * Changes the limits and the restart policy of a container, also while it runs. Throws `INVALID`
 * for limits that no container can have, `CONFLICT` for those that this one cannot, `NOT_FOUND`.
 */
export async function updateContainer(
  context: ContainerContext,
  nameOrId: string,
  change: ContainerChange,
): Promise<void> {
  const found = await findContainer(context, nameOrId)
  using _lock = await lockContainer(context, found)
  const container = getContainer(context, found.id)
  const { id, settings } = container
  refuseRestart(container, change.restart)
  const resources = { ...settings.resources, ...givenLimits(change.resources) }
  const restart = change.restart ?? settings.restart
  checkOptions({ resources, restart })
  if (isRunning(container)) await updateRunning(context, container, { resources, restart })
  const { records } = context
  const { state: _, ...record } = await records.write(() => {
    const updated = records.containers.update(id, { config: { ...settings, resources, restart } })
    records.events.append(containerEvent(container, 'update'))
    return updated
  })
  keepRecord(context, record)
}

function refuseRestart({ name, settings }: Container, restart: RestartPolicy | undefined): void {
  if (!settings.remove || restart === undefined || restart.name === 'no') return
  throw new StrakeError(
    'CONFLICT',
    `Cannot restart container ${name}: it is removed when it ends, because it was made with --rm`,
    { remedy: 'make a container without --rm' },
  )
}

function givenLimits(resources: ResourceOptions = {}): ResourceOptions {
  const entries = Object.entries(resources)
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== undefined && (value !== 0 || name === 'pids')),
  )
}

/** The bundle and the order of the monitor keep both for the next restart. */
async function updateRunning(
  context: ContainerContext,
  container: Container,
  { resources, restart }: Required<ContainerChange>,
): Promise<void> {
  const { id, state } = container
  const { directory, order } = containerPaths(context, id)
  const isLive = state.status !== 'restarting'
  if (resources !== undefined) {
    await updateLimits(runtimeOf(context, container), { id, directory, isLive }, resources)
  }
  writeJson(order, { ...readOrder(order), restart })
}

/**
 * Gives a container another name, running or not. Throws `NOT_FOUND`, `INVALID` for a
 * name that no container can have, and `CONFLICT` for a name that is taken, by this
 * container too.
 */
export async function renameContainer(
  context: ContainerContext,
  nameOrId: string,
  name: string,
): Promise<void> {
  const { records } = context
  const { id, name: oldName } = getContainer(context, nameOrId)
  if (!isContainerName(name)) {
    throw invalidName(name)
  }
  if (name === oldName) {
    throw new StrakeError('CONFLICT', `Cannot rename container ${name}: it has this name`)
  }
  // The copy of the record is in the directory that the lock guards.
  using _lock = await lockContainer(context, { id, name: oldName })
  const { state: _, ...record } = await records.write(() => {
    const renamed = records.containers.update(id, { name })
    const container = getContainer(context, id)
    records.events.append(containerEvent(container, 'rename', { oldName: `/${oldName}` }))
    return renamed
  })
  keepRecord(context, record)
  await context.networks.rename(id, name)
}
