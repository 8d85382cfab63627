import { StrakeError } from '#oci'
import { containerEvent } from '../model/container-events.ts'
import type { ContainerContext } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import { invalidName, isContainerName } from '../model/names.ts'
import { getContainer } from '../model/record.ts'
import { keepRecord } from '../recovery/restore.ts'

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
