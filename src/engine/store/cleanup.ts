import { reconcileContainers } from '#container'
import { endAbandoned } from '../begin-work.ts'
import { containerContext } from '../container/container-context.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'

/**
 * Mends what crashes and reboots left: containers whose monitor is gone, builds,
 * mounts and network namespaces without an owner, leases of dead processes. Says
 * what it did, one line each.
 */
export async function cleanUp(engine: Engine): Promise<readonly string[]> {
  const lines: string[] = []
  const say = (count: number, what: string): void => {
    if (count > 0) lines.push(`${count} ${what}`)
  }
  const dead = engine.records.leases.dead()
  say(dead.length, 'leases of dead processes ended')
  say(await reconcileContainers(await containerContext(engine)), 'containers marked as exited')
  lines.push(...(await endAbandoned(engine)))
  await engine.content.sweep(24 * 60 * 60 * 1000)
  await publishIndex(engine)
  await engine.records.leases.forget(dead)
  return lines
}
