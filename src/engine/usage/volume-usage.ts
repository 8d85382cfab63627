import { existsSync } from 'node:fs'
import { treeSize } from '#snapshot'
import { listVolumes, volumeData } from '#volume'
import type { Engine } from '../engine.ts'
import { volumeUsers } from '../volume/volume-users.ts'

/** A volume and its use. */
export interface VolumeUsage {
  readonly name: string
  /** The number of containers that mount it, running or not. */
  readonly links: number
  /** Bytes on disk. */
  readonly size: number
  /** It was created with options of its driver. */
  readonly hasOptions: boolean
  /** True when it was created without a name. */
  readonly isAnonymous: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly labels: Readonly<Record<string, string>>
  /** The directory that containers mount. */
  readonly mountpoint: string
}

/** Returns the volumes of the store by name. */
export async function volumeUsage(engine: Engine): Promise<readonly VolumeUsage[]> {
  const users = volumeUsers(engine)
  return await Array.fromAsync(listVolumes(engine), async (volume) => ({
    name: volume.name,
    links: users.get(volume.name)?.length ?? 0,
    size: await sizeOf(volumeData(engine, volume.name)),
    hasOptions: Object.keys(volume.options).length > 0,
    isAnonymous: volume.isAnonymous,
    createdAt: volume.createdAt,
    labels: volume.labels,
    mountpoint: volumeData(engine, volume.name),
  }))
}

/** Another process may be removing the volume. */
async function sizeOf(path: string): Promise<number> {
  return existsSync(path) ? await treeSize(path) : 0
}
