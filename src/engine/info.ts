import { isStrakeError, type Platform } from '#oci'
import { cpuCount, hostPlatform, kernelRelease, totalMemory } from '#platform'
import { cgroupMode, type DetectedRuntime } from '#runtime'
import { listContainers } from './container/ps.ts'
import type { Engine } from './engine.ts'
import { version } from './host/version.ts'

/** The store, the runtime and the host. */
export interface EngineDescription {
  readonly version: string
  /** `$STRAKE_ROOT` and `$STRAKE_RUN`. */
  readonly root: string
  readonly run: string
  /** How many there are. */
  readonly images: number
  readonly containers: number
  readonly running: number
  readonly snapshotter: { readonly kind: string; readonly reason: string }
  /** The runtime that works here, or why none does. */
  readonly runtime: DetectedRuntime | { readonly problem: string }
  readonly cgroups: string
  readonly kernel: string
  readonly platform: Platform
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
}

export async function describeEngine(engine: Engine): Promise<EngineDescription> {
  const containers = await listContainers(engine, { all: true })
  const { kind, reason } = await engine.snapshots()
  return {
    version,
    root: engine.root,
    run: engine.run,
    images: engine.records.images.list().length,
    containers: containers.length,
    running: containers.filter(({ state }) => state === 'running').length,
    snapshotter: { kind, reason },
    runtime: await findRuntime(engine),
    cgroups: cgroupMode(),
    kernel: kernelRelease(),
    platform: hostPlatform(),
    cpus: cpuCount(),
    memory: totalMemory(),
  }
}

async function findRuntime(engine: Engine): Promise<EngineDescription['runtime']> {
  try {
    return await engine.runtime()
  } catch (error) {
    if (isStrakeError(error)) return { problem: error.message }
    throw error
  }
}
