import { readdirSync } from 'node:fs'
import { isStrakeError } from '#oci'
import { isSystemError, pathExists, removeTree } from '#platform'
import type { Lease } from '#records'
import type { Engine } from './engine.ts'

/** Returns the directory for files that a build needs while it runs. */
export function buildsOf({ run }: Pick<Engine, 'run'>): string {
  return `${run}/builds`
}

/** Returns the directory for files of running builds that are too large for memory. */
export function scratchOf({ root }: Engine): string {
  return `${root}/scratch`
}

/**
 * Cleans up after killed processes. A lease whose process is gone shows that one was
 * killed. Every command that changes the store calls this first.
 */
export async function cleanAfterCrash(engine: Engine): Promise<void> {
  const { leases } = engine.records
  const dead = leases.dead()
  if (dead.length === 0) return
  await tryCleanUp(() => endAbandoned(engine))
  // Last, so that the next process cleans up again if this one is killed before.
  await leases.forget(dead)
}

/** Like `cleanAfterCrash`, and also removes abandoned builds that an earlier clean-up could not remove. */
export async function cleanAfterBuilds(engine: Engine): Promise<void> {
  await cleanAfterCrash(engine)
  engine.records.guardRoom()
  await tryCleanUp(() => endBuilds(engine))
}

/** Ignores failures, so that they block no command. `system cleanup` reports them. */
async function tryCleanUp(clean: () => Promise<unknown>): Promise<void> {
  try {
    await clean()
  } catch (error) {
    if (!isStrakeError(error) && !isSystemError(error)) throw error
  }
}

/**
 * Begins work that leaves files, mounts or processes if it is killed. Cleans up after
 * killed processes, then acquires a lease that shows this work to others.
 */
export async function beginWork(engine: Engine, purpose: string): Promise<Lease> {
  await cleanAfterCrash(engine)
  engine.records.guardRoom()
  return await engine.records.leases.acquire({ purpose })
}

/**
 * Like `beginWork`, for work that only removes. On a full disk it may use the space that is
 * reserved for removals.
 */
export async function beginRemoval(engine: Engine, purpose: string): Promise<Lease> {
  await cleanAfterCrash(engine)
  return await engine.records.leases.acquire({ purpose, isExact: true })
}

/** Removes abandoned temporary entries, which were to be renamed to their final names. */
async function removePlaces(directory: string): Promise<void> {
  if (!pathExists(directory)) return
  const { isAbandoned } = await import('#snapshot/chain/owner-name')
  for (const name of readdirSync(directory).filter(isAbandoned)) {
    await removeTree(`${directory}/${name}`)
  }
}

async function endBuilds(engine: Engine): Promise<number> {
  await removePlaces(scratchOf(engine))
  if (!pathExists(buildsOf(engine))) return 0
  const { endAbandonedBuilds } = await import('#build/step/abandoned')
  return await endAbandonedBuilds(buildsOf(engine), async () => (await engine.runtime()).runtime)
}

/**
 * Ends build steps and removes networks, mounts and unfinished snapshots that killed
 * processes left. Returns one line for each kind that it found.
 */
export async function endAbandoned(engine: Engine): Promise<readonly string[]> {
  const lines: string[] = []
  const report = (count: number, what: string): void => {
    if (count > 0) lines.push(`${count} ${what}`)
  }
  for (const directory of [engine.run, `${engine.run}/containers`]) await removePlaces(directory)
  const { removeLeftovers } = await import('#volume/volumes')
  report(await removeLeftovers(engine), 'removed volumes deleted')
  report(await endBuilds(engine), 'abandoned builds ended')
  // A build step has a network and an address but no record. So both stay while a step may run.
  const knowsContainers = engine.records.loss.get() === undefined
  if (knowsContainers && engine.records.leases.oldest() === undefined) {
    const addresses = await engine.records.write(() => engine.records.addresses.releaseGone())
    report(addresses, 'addresses of removed containers released')
    const { userNetwork } = await import('#container/setup/join-networks')
    const networks = engine.records.networks.list().map(userNetwork)
    const live = engine.records.containers.list().map(({ id }) => id)
    const gone = await (await engine.networks()).cleanStale(live, networks)
    report(gone.length, 'networks of removed containers removed')
  }
  report(await (await engine.snapshots()).cleanStale(), 'abandoned mounts and snapshots removed')
  return lines
}
