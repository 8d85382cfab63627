import { rmSync } from 'node:fs'
import { removeTree } from '#platform'
import type { NewEvent } from '#records'
import { releaseMounts } from '#runtime'
import { releaseVolumes, volumeEvent, volumePath } from '#volume'
import { containerEvent, findSubject, networkEvents } from '../model/container-events.ts'
import type { ContainerPaths } from '../model/context.ts'
import type { MonitorOrder } from '../protocol/order.ts'
import { restarterLives } from '../protocol/restarting.ts'
import { unmountEvents } from '../setup/volume-events.ts'
import { namedVolumes } from '../setup/volume-use.ts'
import type { CleanUpStore } from './store.ts'

/**
 * Releases everything a container used while it ran: root mount, network, sockets.
 * Removes the container itself if the order has `remove`, but not between the halves of a
 * restart. After a failed step, the later steps are still tried. Returns whether the container
 * is removed.
 */
export async function cleanUp(
  order: MonitorOrder,
  paths: ContainerPaths,
  store: CleanUpStore,
): Promise<boolean> {
  const isRemoved = order.remove && !restarterLives(paths)
  const problems: unknown[] = []
  const attempt = async (step: () => unknown): Promise<void> => {
    try {
      await step()
    } catch (error) {
      problems.push(error)
    }
  }
  await attempt(() => releaseMounts(paths.mounts))
  await attempt(() => releaseMounts(paths.memory))
  await attempt(() => releaseVolumes(order, { container: order.id }))
  await attempt(() => unmountRoot(order, paths, store))
  if (order.bridged) await attempt(async () => (await store.networks()).detach(order.id))
  const volumes = unmountEvents(order.id, paths)
  if (!isRemoved && (order.bridged || volumes.length > 0)) {
    await attempt(() => noteLeaving(order, volumes, store))
  }
  await attempt(() => rmSync(paths.run, { recursive: true, force: true }))
  if (isRemoved) await attempt(() => removeContainer(order, paths, store))
  if (problems.length > 0) throw new AggregateError(problems, 'Cannot clean up')
  return isRemoved
}

async function unmountRoot(
  order: MonitorOrder,
  paths: ContainerPaths,
  store: CleanUpStore,
): Promise<void> {
  const snapshots = await store.snapshots()
  const root = await snapshots.container(order.chainId, paths.directory, {
    overlays: order.overlays,
    volatile: order.remove,
  })
  await root[Symbol.asyncDispose]()
}

/** Records that a container has left its networks and `volumes`. */
async function noteLeaving(
  { id, bridged }: MonitorOrder,
  volumes: readonly NewEvent[],
  store: CleanUpStore,
): Promise<void> {
  await store.withRecords(async (records) => {
    const subject = findSubject(records, id)
    await records.write(() => {
      if (bridged) records.addresses.release(id)
      if (subject === undefined) return
      const left = bridged ? networkEvents(records, subject, 'disconnect') : []
      for (const event of [...left, ...volumes]) records.events.append(event)
    })
  })
}

/** Removes the record first: files without a record are garbage that a later clean-up removes. */
async function removeContainer(
  order: MonitorOrder,
  paths: ContainerPaths,
  store: CleanUpStore,
): Promise<void> {
  let dropped: readonly string[] = []
  const unmounted = unmountEvents(order.id, paths)
  await store.withRecords(async (records) => {
    const subject = findSubject(records, order.id)
    await records.write(() => {
      const isRemoved = records.containers.remove(order.id)
      const { anonymousVolumes } = order
      // Another container may use them by --volumes-from.
      const kept = anonymousVolumes.length === 0 ? undefined : namedVolumes(records)
      dropped = anonymousVolumes.filter((name) => !kept?.has(name))
      const volumes = dropped.filter((name) => records.volumes.remove(name))
      if (isRemoved && subject !== undefined) {
        const left = [...networkEvents(records, subject, 'disconnect'), ...unmounted]
        const events = [...left, containerEvent(subject, 'destroy')]
        for (const event of events) records.events.append(event)
      }
      for (const name of volumes) records.events.append(volumeEvent('destroy', name))
    })
  })
  await removeTree(paths.directory)
  for (const name of dropped) await removeTree(volumePath(order, name))
}
