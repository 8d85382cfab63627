import { isStrakeError, type Platform } from '#oci'
import {
  cpuCount,
  hostName,
  hostPlatform,
  inUserNamespace,
  kernelRelease,
  totalMemory,
} from '#platform'
import { cgroupMode, type DetectedRuntime, ownsCgroups } from '#runtime'
import { listContainers } from './container/ps.ts'
import type { Engine } from './engine.ts'
import type { ClosedStore, Roots } from './host/roots.ts'
import { version } from './host/version.ts'

/** The store of an engine. */
export interface StoreDescription {
  readonly isReadOnly: boolean
  /** Numbers of images, containers, and containers in these states. */
  readonly images: number
  readonly containers: number
  readonly running: number
  readonly paused: number
  readonly snapshotter: { readonly kind: string; readonly reason: string }
  /** The runtime that works here, or why none does. */
  readonly runtime: DetectedRuntime | { readonly problem: string }
}

/** The store, or why it cannot be opened, and the host. */
export interface EngineDescription extends Roots {
  readonly version: string
  readonly store: StoreDescription | { readonly problem: string }
  readonly cgroups: string
  /** Whether strake may make control groups, and so limit containers. */
  readonly ownsCgroups: boolean
  /** Whether it is root of a user namespace and not of the machine. */
  readonly isRootless: boolean
  readonly kernel: string
  readonly hostname: string
  readonly platform: Platform
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
}

export async function describeEngine(engine: Engine | ClosedStore): Promise<EngineDescription> {
  return {
    version,
    root: engine.root,
    run: engine.run,
    store: 'problem' in engine ? { problem: engine.problem.message } : await describeStore(engine),
    cgroups: cgroupMode(),
    ownsCgroups: ownsCgroups(),
    isRootless: inUserNamespace(),
    kernel: kernelRelease(),
    hostname: hostName(),
    platform: hostPlatform(),
    cpus: cpuCount(),
    memory: totalMemory(),
  }
}

async function describeStore(engine: Engine): Promise<StoreDescription> {
  const containers = await listContainers(engine, { all: true })
  const { kind, reason } = await engine.snapshots()
  return {
    isReadOnly: engine.records.isReadOnly,
    images: engine.records.images.list().length,
    containers: containers.length,
    running: containers.filter(({ state }) => state === 'running').length,
    paused: containers.filter(({ state }) => state === 'paused').length,
    snapshotter: { kind, reason },
    runtime: await findRuntime(engine),
  }
}

async function findRuntime(engine: Engine): Promise<StoreDescription['runtime']> {
  try {
    return await engine.runtime()
  } catch (error) {
    if (isStrakeError(error)) return { problem: error.message }
    throw error
  }
}
