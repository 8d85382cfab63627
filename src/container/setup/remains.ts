import { isSystemError, removeTree } from '#platform'
import { anonymousVolume, dropAnonymous } from '#volume'
import { containerEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { namedVolumes } from './volume-use.ts'

/** Removes the record first. Files without a record are garbage, which a later clean-up removes. */
export async function removeRemains(
  context: ContainerContext,
  container: Container,
  volumes: boolean = container.settings.remove,
): Promise<void> {
  const { id, settings } = container
  const { records } = context
  await records.write(() => {
    records.addresses.release(id)
    if (!records.containers.remove(id)) return
    records.events.append(containerEvent(container, 'destroy'))
  })
  await removeTreeOnce(containerPaths(context, id).directory)
  if (!volumes) return
  const anonymous = settings.mounts
    .filter(({ type, source }) => type === 'volume' && source === undefined)
    .map(({ destination }) => anonymousVolume(id, destination))
  // Another container may use them by --volumes-from.
  const isUsed = (name: string): boolean => namedVolumes(records).has(name)
  for (const name of anonymous) await dropAnonymous(context, name, { isUsed })
}

/** Another process may remove the same tree at the same time. */
async function removeTreeOnce(path: string): Promise<void> {
  try {
    await removeTree(path)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}
