import { formatLabels } from './labels.ts'

/** A volume in `volume ls` and `system df -v`. */
export interface ListedVolume {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly mountpoint: string
  /** The number of containers that mount it, if that was counted. */
  readonly links?: number | undefined
  /** The formatted size, if it was measured. */
  readonly size?: string | undefined
}

type Column =
  | 'Availability'
  | 'Driver'
  | 'Group'
  | 'Labels'
  | 'Links'
  | 'Mountpoint'
  | 'Name'
  | 'Scope'
  | 'Size'
  | 'Status'

/** The fields of a volume. Some of them are for volumes of clusters, which strake does not have. */
export function volumeRow(volume: ListedVolume): Readonly<Record<Column, string>> {
  const { name, labels, mountpoint, links, size = 'N/A' } = volume
  return {
    Availability: 'N/A',
    Driver: 'local',
    Group: 'N/A',
    Labels: formatLabels(labels),
    Links: links === undefined ? 'N/A' : String(links),
    Mountpoint: mountpoint,
    Name: name,
    Scope: 'local',
    Size: size,
    Status: 'N/A',
  }
}
