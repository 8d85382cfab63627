import { existsSync, readdirSync } from 'node:fs'
import { readSettings } from '#container'
import { treeSize } from '#snapshot'
import { anonymousVolume, isVolumeName, volumeData } from '#volume'
import type { Engine } from '../engine.ts'

/** A volume and its use. */
export interface VolumeUsage {
  readonly name: string
  /** The number of containers that mount it, running or not. */
  readonly links: number
  /** Bytes on disk. */
  readonly size: number
  /** Made for one container that gave it no name. */
  readonly isAnonymous: boolean
}

/** Returns the volumes of the store by name. */
export async function volumeUsage(engine: Engine): Promise<readonly VolumeUsage[]> {
  const directory = `${engine.root}/volumes`
  if (!existsSync(directory)) return []
  const used = Map.groupBy(volumesInUse(engine), (name) => name)
  const names = readdirSync(directory).filter(isVolumeName).sort()
  return await Array.fromAsync(names, async (name) => ({
    name,
    links: used.get(name)?.length ?? 0,
    size: await sizeOf(volumeData(engine, name)),
    isAnonymous: /^[0-9a-f]{64}$/.test(name),
  }))
}

/** Another process may be removing the volume. */
async function sizeOf(path: string): Promise<number> {
  return existsSync(path) ? await treeSize(path) : 0
}

/** Returns the volume of every mount of every container. */
function volumesInUse({ records }: Engine): readonly string[] {
  return records.containers.list().flatMap((record) => {
    const mounts = readSettings(record).mounts.filter(({ type }) => type === 'volume')
    const names = mounts.map(
      ({ source, destination }) => source ?? anonymousVolume(record.id, destination),
    )
    return [...new Set(names)]
  })
}
