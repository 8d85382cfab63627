import type { Records } from '#records'
import { anonymousVolume, createVolume, type VolumeStore } from '#volume'
import type { MountRequest } from '../model/mount-request.ts'
import { readSettings } from '../model/record.ts'

/** The volumes that containers name, which a removal of another container must leave. */
export function namedVolumes({ containers }: Pick<Records, 'containers'>): ReadonlySet<string> {
  const mounts = containers.list().flatMap((record) => readSettings(record).mounts)
  const volumes = mounts.filter(({ type }) => type === 'volume')
  return new Set(volumes.flatMap(({ source }) => source ?? []))
}

/** Makes the volumes of a new container. As in Docker, they exist before its first start. */
export async function makeVolumes(
  store: VolumeStore,
  containerId: string,
  mounts: readonly MountRequest[],
): Promise<void> {
  for (const { type, source, destination, labels, driverOptions } of mounts) {
    if (type !== 'volume') continue
    const name = source ?? anonymousVolume(containerId, destination)
    const isAnonymous = source === undefined
    await createVolume(store, { name, isAnonymous, labels, options: driverOptions })
  }
}
