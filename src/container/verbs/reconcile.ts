import { existsSync, readdirSync, rmSync } from 'node:fs'
import { isAlive, removeTree } from '#platform'
import { forget, releaseNestedMounts } from '#runtime'
import { type ContainerContext, type ContainerPaths, containerPaths } from '../model/context.ts'
import { type Container, isRunning, listContainers, lostExitCode } from '../model/record.ts'
import {
  type ContainerState,
  createdState,
  readIdentity,
  readState,
  writeState,
} from '../model/state.ts'
import { removeRemains } from '../setup/remains.ts'

/**
 * Brings records and reality together: of every container whose processes are
 * gone without its monitor having said so (killed, or the machine went down),
 * mounts, network and runtime state are given back and the state becomes
 * `exited`. Says how many there were. Nothing that lives is touched.
 */
export async function reconcileContainers(context: ContainerContext): Promise<number> {
  let count = 0
  for (const container of listContainers(context)) {
    if (await reconcileContainer(context, container)) count += 1
  }
  await removeForgotten(context)
  return count
}

/**
 * Records come first and go first: a directory without one is left of a removal, unless
 * the records were lost.
 */
async function removeForgotten({ root, records }: ContainerContext): Promise<void> {
  const directory = `${root}/containers`
  if (!existsSync(directory) || records.loss.get() !== undefined) return
  for (const id of readdirSync(directory)) {
    if (records.containers.get(id) === undefined) await removeTree(`${directory}/${id}`)
  }
}

/**
 * Whether a container ended, or was never started, without anybody left to clean
 * up after it: who watched or prepared it was killed. Costs next to nothing.
 */
export function isLost(
  context: Pick<ContainerContext, 'root' | 'run'>,
  { id, state }: Pick<Container, 'id' | 'state'>,
): boolean {
  const paths = containerPaths(context, id)
  if (isRunning({ state }) || !holdsSomething(state, paths)) return false
  if (state.monitor !== undefined && isAlive(state.monitor)) return false
  return readIdentity(paths.starter) === undefined
}

/** The run directory is there from before a root is mounted until after that is given back. */
function holdsSomething({ root }: ContainerState, { run }: ContainerPaths): boolean {
  return root !== undefined || existsSync(run)
}

/** Does for one container what `reconcileContainers` does for all; says whether there was something to do. */
export async function reconcileContainer(
  context: ContainerContext,
  container: Container,
): Promise<boolean> {
  const { id, settings } = container
  const paths = containerPaths(context, id)
  const state = readState(paths.state)
  const ended = state.status !== 'running' && state.status !== 'restarting'
  if (ended && !holdsSomething(state, paths)) return false
  // Somebody is preparing it at this moment.
  if (readIdentity(paths.starter) !== undefined) return false
  const { process, monitor, root, ...rest } = state
  if ([process, monitor].some((one) => one !== undefined && isAlive(one))) return false
  await forget(context.runtime, id)
  await releaseNestedMounts(paths.mounts)
  await releaseRoot(context, container)
  await context.networks.detach(id)
  context.records.addresses.release(id)
  rmSync(paths.run, { recursive: true, force: true })
  if (settings.remove) {
    await removeRemains(context, container)
    return true
  }
  const lost = {
    status: 'exited' as const,
    exitCode: lostExitCode,
    error: 'it ended without its monitor',
    finishedAt: new Date().toISOString(),
  }
  writeState(paths.state, { ...createdState, ...rest, ...(ended ? {} : lost) })
  return !ended
}

/** Mounting it again finds the mount that is there, or makes one that can be undone. */
export async function releaseRoot(
  context: ContainerContext,
  { id, settings }: Container,
): Promise<void> {
  const { directory } = containerPaths(context, id)
  const root = await context.snapshots.container(settings.image.chainId, directory, {
    overlays: [`${context.run}/init-layer`],
    volatile: settings.remove,
  })
  await root[Symbol.asyncDispose]()
}
