import type { EngineDescription, StoreDescription } from '#engine/info'
import { formatPlatform } from '#oci'

export type InfoLines = Readonly<Record<string, string | number | readonly string[]>>

/** The lines of `info`, by title. */
export function infoLines(description: EngineDescription): InfoLines {
  const { store, memory } = description
  return {
    Version: description.version,
    Store: storeLines(description),
    'Run directory': description.run,
    ...('problem' in store ? {} : storeTitles(store)),
    ...(description.isRootless ? { User: 'root of a user namespace: rootless' } : {}),
    Cgroups: description.ownsCgroups
      ? description.cgroups
      : `${description.cgroups}, which strake may not write: containers have no limits`,
    Kernel: description.kernel,
    Platform: formatPlatform(description.platform),
    CPUs: description.cpus,
    Memory: `${(memory / 1024 ** 3).toFixed(1)}GiB`,
  }
}

function storeLines({ root, store }: EngineDescription): string | readonly string[] {
  if ('problem' in store) return [root, store.problem]
  return store.isReadOnly ? [root, 'its file system is read-only: nothing can be changed'] : root
}

function storeTitles(store: StoreDescription): InfoLines {
  const { images, containers, running, snapshotter } = store
  return {
    Images: images,
    Containers: containers,
    Running: running,
    Snapshotter: `${snapshotter.kind}: ${snapshotter.reason}`,
    Runtime: runtimeLines(store.runtime),
  }
}

/** The chosen runtime with the reason, then each rejected runtime with the reason. */
function runtimeLines(found: StoreDescription['runtime']): readonly string[] {
  if ('problem' in found) return [`none: ${found.problem}`]
  const { runtime, reason, rejected } = found
  return [
    `${runtime.name} ${runtime.version} (${runtime.path}): ${reason}`,
    ...rejected.map(({ name, reason: why }) => `not ${name}: ${name} ${why}`),
  ]
}
