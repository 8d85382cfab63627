import { readSettings } from '#container'
import { anonymousVolume } from '#volume'
import type { Engine } from '../engine.ts'

/** The names of the containers that mount each volume, running or not. */
export function volumeUsers({
  records,
}: Pick<Engine, 'records'>): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>()
  for (const record of records.containers.list()) {
    const mounts = readSettings(record).mounts.filter(({ type }) => type === 'volume')
    const volumes = mounts.map(
      ({ source, destination }) => source ?? anonymousVolume(record.id, destination),
    )
    for (const volume of new Set(volumes)) {
      users.set(volume, [...(users.get(volume) ?? []), record.name])
    }
  }
  return users
}
