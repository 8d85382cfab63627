import type { ContainerContext } from '#container'
import type { Engine } from '../engine.ts'

/**
 * Returns the parts of the engine that `container/` needs. Throws `UNSUPPORTED` when no
 * runtime works here.
 */
export async function containerContext(engine: Engine): Promise<ContainerContext> {
  const { runtime } = await engine.runtime()
  return {
    root: engine.root,
    run: engine.run,
    records: engine.records,
    snapshots: await engine.snapshots(),
    networks: await engine.networks(),
    runtime,
  }
}
