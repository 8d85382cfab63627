import { reconcileContainers } from '#container'
import { containerContext } from './container-context.ts'
import { publishIndex } from './content-index.ts'
import type { Engine } from './engine.ts'

/**
 * Mends what crashes and reboots left: containers whose monitor is gone, mounts
 * and network namespaces without an owner, leases of dead processes. Says what
 * it did, one line each.
 */
export async function cleanUp(engine: Engine): Promise<readonly string[]> {
  const lines: string[] = []
  const say = (count: number, what: string): void => {
    if (count > 0) lines.push(`${count} ${what}`)
  }
  say(engine.records.leases.expire(), 'leases of dead processes ended')
  say(await reconcileContainers(await containerContext(engine)), 'containers marked as exited')
  // A build step has a network and an address, but no record: while one may run, they stay.
  if (engine.records.leases.oldest() === undefined) {
    say(engine.records.addresses.releaseGone(), 'addresses of containers that are gone released')
    const live = engine.records.containers.list().map(({ id }) => id)
    const gone = await (await engine.networks()).cleanStale(live)
    say(gone.length, 'networks of containers that are gone removed')
  }
  say(await (await engine.snapshots()).cleanStale(), 'abandoned mounts and snapshots removed')
  await engine.content.sweep(24 * 60 * 60 * 1000)
  publishIndex(engine)
  return lines
}
