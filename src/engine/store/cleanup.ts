import { reconcileContainers, restartLost } from '#container'
import { ingestLifetime } from '#content'
import { releaseAbandoned } from '#volume'
import { endAbandoned } from '../begin-work.ts'
import { containerContext } from '../container/container-context.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'

/**
 * Cleans up after crashes and reboots: containers whose monitor has ended, builds, mounts
 * and network namespaces without an owner, leases of dead processes. Restarts by their policies the
 * containers that have ended in this run of the machine. Returns one line for each kind that it found.
 */
export async function cleanUp(engine: Engine): Promise<readonly string[]> {
  const lines: string[] = []
  const report = (count: number, what: string): void => {
    if (count > 0) lines.push(`${count} ${what}`)
  }
  const dead = engine.records.leases.dead()
  report(dead.length, 'leases of dead processes ended')
  const context = await containerContext(engine)
  const ended = await reconcileContainers(context)
  report(ended.length, 'containers marked as exited')
  report(await releaseAbandoned(engine), 'volumes unmounted')
  lines.push(...(await endAbandoned(engine)))
  await engine.content.sweep(ingestLifetime)
  await publishIndex(engine)
  await engine.records.leases.forget(dead)
  await restartLost(context, ended)
  return lines
}
