import { isStrakeError } from '#oci'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { type PruneFilter, passesPruneFilter } from '../filter/prune-filter.ts'
import { volumeUsage } from '../usage/volume-usage.ts'
import { removeVolume } from '../volume/volumes.ts'
import { notePrune, nothingPruned, type Pruned } from './pruned.ts'

export interface PruneVolumesOptions {
  /** Includes volumes with a name. */
  readonly all?: boolean | undefined
  readonly filter?: PruneFilter | undefined
}

/**
 * Removes anonymous volumes that no container uses; with `all`, those with a name too. A volume with
 * driver options stays, as in Docker, because its files may be those of another machine.
 */
export async function pruneVolumes(
  engine: Engine,
  { all = false, filter = {} }: PruneVolumesOptions = {},
): Promise<Pruned> {
  requireFacts(engine)
  const volumes: string[] = []
  let reclaimed = 0
  for (const volume of await volumeUsage(engine)) {
    const { name, size, createdAt: at, labels } = volume
    if (volume.links > 0 || volume.hasOptions || !(all || volume.isAnonymous)) continue
    if (!passesPruneFilter(filter, { at, labels })) continue
    if (!(await removeUnused(engine, name))) continue
    volumes.push(name)
    reclaimed += size
  }
  await notePrune(engine, 'volume', reclaimed)
  return { ...nothingPruned, volumes, reclaimed }
}

/** Returns false when a container uses it now, or another process has removed it. */
async function removeUnused(engine: Engine, name: string): Promise<boolean> {
  try {
    return await removeVolume(engine, name, { force: true })
  } catch (error) {
    if (isStrakeError(error, 'CONFLICT')) return false
    throw error
  }
}
