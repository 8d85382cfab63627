import { readdirSync } from 'node:fs'
import { isStrakeError } from '#oci'
import { isSystemError, pathExists, removeTree } from '#platform'
import type { Lease } from '#records'
import type { Engine } from './engine.ts'

/** Where builds keep what they need meanwhile. */
export function buildsOf({ run }: Engine): string {
  return `${run}/builds`
}

/** Where builds keep what is too large for memory, meanwhile. */
export function scratchOf({ root }: Engine): string {
  return `${root}/scratch`
}

/**
 * What a command that changes the store does first: a lease whose process is
 * gone shows that somebody was killed, and then what they left goes at once.
 */
export async function cleanAfterCrash(engine: Engine): Promise<void> {
  const { leases } = engine.records
  const dead = leases.dead()
  if (dead.length === 0) return
  await asFarAsPossible(() => endAbandoned(engine))
  // Not before: a process that is killed while it cleans up leaves the rest to the next one.
  await leases.forget(dead)
}

/** The same for builds, which find out without a lease what others could not remove. */
export async function cleanAfterBuilds(engine: Engine): Promise<void> {
  await cleanAfterCrash(engine)
  engine.records.guardRoom()
  await asFarAsPossible(() => endBuilds(engine))
}

/** What does not work, `system cleanup` says; it must not keep anybody from working. */
async function asFarAsPossible(clean: () => Promise<unknown>): Promise<void> {
  try {
    await clean()
  } catch (error) {
    if (!isStrakeError(error) && !isSystemError(error)) throw error
  }
}

/** Begins work that leaves something when it is killed: cleans up after others, then holds a lease that shows it. */
export async function beginWork(engine: Engine, purpose: string): Promise<Lease> {
  await cleanAfterCrash(engine)
  engine.records.guardRoom()
  return await engine.records.leases.acquire({ purpose })
}

/** What was to be renamed into place. */
async function removePlaces(directory: string): Promise<void> {
  if (!pathExists(directory)) return
  const { isAbandoned } = await import('#snapshot')
  for (const name of readdirSync(directory).filter(isAbandoned)) {
    await removeTree(`${directory}/${name}`)
  }
}

async function endBuilds(engine: Engine): Promise<number> {
  await removePlaces(scratchOf(engine))
  if (!pathExists(buildsOf(engine))) return 0
  const { endAbandonedBuilds } = await import('#build')
  return await endAbandonedBuilds(buildsOf(engine), async () => (await engine.runtime()).runtime)
}

/** Ends what killed processes left: steps of builds, networks, mounts, unfinished snapshots. A line for each. */
export async function endAbandoned(engine: Engine): Promise<readonly string[]> {
  const lines: string[] = []
  const say = (count: number, what: string): void => {
    if (count > 0) lines.push(`${count} ${what}`)
  }
  for (const directory of [engine.run, `${engine.run}/containers`]) await removePlaces(directory)
  say(await endBuilds(engine), 'abandoned builds ended')
  // A build step has a network and an address, but no record: while one may run, they stay.
  const knowsContainers = engine.records.loss.get() === undefined
  if (knowsContainers && engine.records.leases.oldest() === undefined) {
    const addresses = await engine.records.write(() => engine.records.addresses.releaseGone())
    say(addresses, 'addresses of containers that are gone released')
    const live = engine.records.containers.list().map(({ id }) => id)
    const gone = await (await engine.networks()).cleanStale(live)
    say(gone.length, 'networks of containers that are gone removed')
  }
  say(await (await engine.snapshots()).cleanStale(), 'abandoned mounts and snapshots removed')
  return lines
}
