import { StrakeError } from '#oci'
import { removeTree } from '#platform'
import { checkOptions } from '../model/check-options.ts'
import { containerEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type ContainerLock, lockNewContainer, tryLockContainer } from '../model/lock.ts'
import { invalidName, isContainerName, randomId, randomName } from '../model/names.ts'
import type { ContainerOptions } from '../model/options.ts'
import { readContainer } from '../model/record.ts'
import { type ContainerSettings, mergeSettings } from '../model/settings.ts'
import { isLost } from '../recovery/abandoned.ts'
import { keepRecord } from '../recovery/restore.ts'
import { makeVolumes } from '../setup/volume-use.ts'

export interface CreatedContainer {
  readonly id: string
  readonly name: string
}

/** A new container that no other process may start or remove before `lock` is released. */
export interface LockedContainer extends CreatedContainer {
  readonly lock: ContainerLock
}

/**
 * Creates a container without starting it: its directory and its record. Throws `CONFLICT`
 * for a name that is taken and `INVALID` for contradicting options, and leaves nothing then.
 */
export async function createContainer(
  context: ContainerContext,
  options: ContainerOptions,
): Promise<CreatedContainer> {
  const { id, name, lock } = await createLocked(context, options)
  lock[Symbol.dispose]()
  return { id, name }
}

/** Like `createContainer`, for a process that starts the container afterwards. */
export async function createLocked(
  context: ContainerContext,
  options: ContainerOptions,
): Promise<LockedContainer> {
  const wanted = options.name || undefined
  if (wanted !== undefined && !isContainerName(wanted)) {
    throw invalidName(wanted)
  }
  checkOptions(options)
  const id = randomId()
  const settings = mergeSettings(id, options)
  await removeLost(context, wanted)
  const createdAt = Date.now()
  const rest = { id, image: options.image.digest ?? null, createdAt }
  // A directory without a record is garbage; a record without its lock could be pruned.
  const lock = await lockNewContainer(context, id)
  try {
    const name = await insert(context, wanted, { ...rest, settings })
    keepRecord(context, { ...rest, name, config: { ...settings } })
    await makeVolumes(context, id, settings.mounts)
    return { id, name, lock }
  } catch (error) {
    await context.records.write(() => context.records.containers.remove(id))
    await removeTree(containerPaths(context, id).directory)
    lock[Symbol.dispose]()
    throw error
  }
}

/** Removes a container with `--rm` that a crash left behind, so that its name is free. */
async function removeLost(context: ContainerContext, name: string | undefined): Promise<void> {
  const record = name === undefined ? undefined : context.records.containers.findByName(name)
  if (record === undefined) return
  const container = readContainer(context, record)
  if (!container.settings.remove || !isLost(context, container)) return
  using lock = tryLockContainer(context, container.id)
  if (lock === undefined) return
  const { reconcileContainer } = await import('../recovery/reconcile.ts')
  await reconcileContainer(context, container)
}

type NewRecord = Parameters<ContainerContext['records']['containers']['insert']>[0]

const mostAttempts = 8

async function insert(
  { records }: ContainerContext,
  wanted: string | undefined,
  {
    settings,
    ...rest
  }: Omit<NewRecord, 'name' | 'config' | 'state'> & {
    readonly settings: ContainerSettings
  },
): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const name = wanted ?? randomName(attempt)
    try {
      const record = { ...rest, name, config: { ...settings }, state: {} }
      await records.write(() => {
        records.containers.insert(record)
        records.events.append(containerEvent({ id: record.id, name, settings }, 'create'))
      })
      return name
    } catch (error) {
      const taken = error instanceof StrakeError && error.code === 'CONFLICT'
      if (!taken || wanted !== undefined || attempt === mostAttempts) throw error
    }
  }
}
