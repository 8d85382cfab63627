import type { VolumeDetails } from '#engine/volume/volumes'
import type { InspectDocument } from './document.ts'

/** Docker's shape of a volume. It has `null` where no label and no option was given. */
export function volumeDocument(volume: VolumeDetails): InspectDocument {
  const { name, createdAt, labels, options, isAnonymous, mountpoint } = volume
  return {
    CreatedAt: `${new Date(createdAt).toISOString().slice(0, 19)}Z`,
    Driver: 'local',
    Labels: orNull(isAnonymous ? { ...labels, [anonymousLabel]: '' } : labels),
    Mountpoint: mountpoint,
    Name: name,
    Options: orNull(options),
    Scope: 'local',
  }
}

/** Docker marks a volume that was made without a name by this label. */
const anonymousLabel = 'com.docker.volume.anonymous'

function orNull(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? null : Object.fromEntries(entries)
}
