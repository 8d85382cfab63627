import type { ContainerContext, RunningContext } from '#container'
import type { Engine } from '../engine.ts'

/**
 * Returns the parts of the engine that `container/` needs. Throws `UNSUPPORTED` when no
 * runtime works here.
 */
export async function containerContext(engine: Engine): Promise<ContainerContext> {
  return {
    ...(await runningContext(engine)),
    snapshots: await engine.snapshots(),
    networks: await engine.networks(),
    async findDevice(name) {
      const { findCdiEdits } = await import('../host/cdi.ts')
      return await findCdiEdits(name)
    },
  }
}

/** Returns the parts for a container that runs. Opens neither snapshots nor networks. Throws like `containerContext`. */
export async function runningContext(engine: Engine): Promise<RunningContext> {
  const { runtime } = await engine.runtime()
  const { root, run, records, states } = engine
  return { root, run, records, states, runtime }
}
