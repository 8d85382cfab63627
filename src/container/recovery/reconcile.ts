import { existsSync, readdirSync, rmSync } from 'node:fs'
import { isAlive, removeTree, signalProcess } from '#platform'
import { endStart, forget, releaseMounts } from '#runtime'
import type { ContainerSnapshot } from '#snapshot'
import { releaseVolumes } from '#volume'
import { containerEvent, networkEvents } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { tryLockContainer } from '../model/lock.ts'
import { type Container, groupOf, listContainers, lostExitCode } from '../model/record.ts'
import { type ContainerState, createdState, readState, writeState } from '../model/state.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import { makeBaseLayer } from '../setup/base-layer.ts'
import { mendRunning } from '../setup/mend.ts'
import { removeRemains } from '../setup/remains.ts'
import { unmountEvents } from '../setup/volume-events.ts'
import { holdsSomething, isKeptForRestart, isOrphaned } from './abandoned.ts'
import { adoptContainer } from './adopt.ts'

/**
 * Cleans up after containers whose process and monitor are gone, because they were
 * killed or the machine went down: releases mounts, network and runtime state, and sets
 * the state to `exited`. Gives a running container a monitor if its own was killed. Returns the
 * containers that it cleaned up, as they were.
 */
export async function reconcileContainers(
  context: ContainerContext,
): Promise<readonly Container[]> {
  const ended: Container[] = []
  for (const container of listContainers(context)) {
    if (isOrphaned(context, container)) await adoptContainer(context, container)
    using lock = tryLockContainer(context, container.id)
    if (lock !== undefined && (await reconcileContainer(context, container))) ended.push(container)
  }
  await removeForgotten(context)
  return ended
}

/**
 * Removes directories without a record, which a killed removal or creation leaves. After a
 * loss of the records the directories stay, because the records are restored from them.
 */
async function removeForgotten(context: ContainerContext): Promise<void> {
  const { root, records } = context
  const directory = `${root}/containers`
  if (!existsSync(directory) || records.loss.get() !== undefined) return
  for (const id of readdirSync(directory)) {
    using lock = tryLockContainer(context, id)
    const isForgotten = lock !== undefined && records.containers.get(id) === undefined
    if (isForgotten) await removeTree(`${directory}/${id}`)
  }
}

/**
 * Cleans up like `reconcileContainers`, for one container whose lock the caller holds.
 * Returns whether there was something to do.
 */
export async function reconcileContainer(
  context: ContainerContext,
  container: Container,
): Promise<boolean> {
  const { id, settings } = container
  const paths = containerPaths(context, id)
  const found = readState(paths)
  const isDamaged = found.status === 'dead'
  if (isDamaged && (await mendRunning(context, container))) return false
  // A damaged file does not show mounts and networks, so everything is released.
  const state: ContainerState = isDamaged ? { ...createdState, status: 'running' } : found
  const ended = state.status !== 'running' && state.status !== 'restarting'
  if (ended && !holdsSomething(state, paths)) {
    if (!isKeptForRestart({ state, settings }, paths)) return false
    await removeRemains(context, container)
    return true
  }
  const { process, monitor, root, holder, isDeaf, ...rest } = state
  if ([process, monitor].some((one) => one !== undefined && isAlive(one))) return false
  if (holder !== undefined) signalProcess(holder, 'SIGKILL')
  endStart(paths.directory)
  await forget(runtimeOf(context, container), id, groupOf(container))
  await releaseMounts(paths.mounts)
  await releaseMounts(paths.memory)
  await releaseVolumes(context, { container: id })
  await releaseRoot(context, container)
  await context.networks.detach(id)
  const { records } = context
  await records.write(() => {
    records.addresses.release(id)
    if (ended) return
    const happened = [
      containerEvent(container, 'die', { exitCode: String(lostExitCode) }),
      ...networkEvents(records, container, 'disconnect'),
      ...unmountEvents(id, paths),
    ]
    for (const event of happened) records.events.append(event)
  })
  rmSync(paths.run, { recursive: true, force: true })
  if (settings.remove) {
    await removeRemains(context, container)
    return true
  }
  const lost = {
    status: 'exited' as const,
    exitCode: lostExitCode,
    error: isDamaged ? 'its state.json was damaged' : 'it ended without its monitor',
    finishedAt: new Date().toISOString(),
  }
  writeState(paths.state, { ...createdState, ...rest, ...(ended ? {} : lost) })
  return !ended
}

/** Unmounts the root. Opens it before, which finds an existing mount or makes one. */
async function releaseRoot(context: ContainerContext, container: Container): Promise<void> {
  const root = await openRootOf(context, container)
  await root[Symbol.asyncDispose]()
}

/** Mounts the root of a container whose lock the caller holds; disposing unmounts it. */
export async function openRootOf(
  context: ContainerContext,
  { id, settings }: Container,
): Promise<ContainerSnapshot> {
  const { directory } = containerPaths(context, id)
  return await context.snapshots.container(settings.image.chainId, directory, {
    overlays: [makeBaseLayer(context)],
    volatile: settings.remove,
  })
}
