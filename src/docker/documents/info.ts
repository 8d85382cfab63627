import type { EngineDescription } from '#engine/info'
import { formatPlatform } from '#oci'

export type InfoDocument = Readonly<Record<string, string | number | readonly string[]>>

/** The lines of `info`, by title. */
export function infoDocument(description: EngineDescription): InfoDocument {
  const { snapshotter, memory } = description
  return {
    Version: description.version,
    Store: description.root,
    'Run directory': description.run,
    Images: description.images,
    Containers: description.containers,
    Running: description.running,
    Snapshotter: `${snapshotter.kind}: ${snapshotter.reason}`,
    Runtime: runtimeLines(description.runtime),
    Cgroups: description.cgroups,
    Kernel: description.kernel,
    Platform: formatPlatform(description.platform),
    CPUs: description.cpus,
    Memory: `${(memory / 1024 ** 3).toFixed(1)}GiB`,
  }
}

/** The chosen runtime with the reason, then each rejected runtime with the reason. */
function runtimeLines(found: EngineDescription['runtime']): readonly string[] {
  if ('problem' in found) return [`none: ${found.problem}`]
  const { runtime, reason, rejected } = found
  return [
    `${runtime.name} ${runtime.version} (${runtime.path}): ${reason}`,
    ...rejected.map(({ name, reason: why }) => `not ${name}: ${name} ${why}`),
  ]
}
