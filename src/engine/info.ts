import { formatPlatform, isStrakeError } from '#oci'
import { cpuCount, hostPlatform, kernelRelease, totalMemory } from '#platform'
import { cgroupMode } from '#runtime'
import { listContainers } from './container/ps.ts'
import type { Engine } from './engine.ts'
import { version } from './host/version.ts'

/** The store, the runtime and the host, title by title, as `strake info` prints them. */
export async function describeEngine(
  engine: Engine,
): Promise<Readonly<Record<string, string | number | readonly string[]>>> {
  const containers = await listContainers(engine, { all: true })
  const snapshots = await engine.snapshots()
  return {
    'Server Version': version,
    Store: engine.root,
    'Run directory': engine.run,
    Images: engine.records.images.list().length,
    Containers: containers.length,
    Running: containers.filter(({ state }) => state === 'running').length,
    Snapshotter: `${snapshots.kind}: ${snapshots.reason}`,
    Runtime: await describeRuntime(engine),
    Cgroups: cgroupMode(),
    Kernel: kernelRelease(),
    Platform: formatPlatform(hostPlatform()),
    CPUs: cpuCount(),
    Memory: `${(totalMemory() / 1024 ** 3).toFixed(1)}GiB`,
  }
}

/** The runtime and why, then what was not chosen and why. */
async function describeRuntime(engine: Engine): Promise<readonly string[]> {
  try {
    const { runtime, reason, rejected } = await engine.runtime()
    return [
      `${runtime.name} ${runtime.version} (${runtime.path}): ${reason}`,
      ...rejected.map(({ name, reason: why }) => `not ${name}: it ${why}`),
    ]
  } catch (error) {
    if (isStrakeError(error)) return [`none: ${error.message}`]
    throw error
  }
}
