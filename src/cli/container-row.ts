import { formatPorts } from '#docker/columns/container-ports'
import { formatStatus } from '#docker/columns/container-status'
import { formatLabels } from '#docker/columns/labels'
import type { ContainerSummary } from '#engine/container/summary'
import type { Platform } from '#oci'
import { ellipsis } from './render/table.ts'
import { formatAge, formatInstant } from './render/units.ts'

export interface ContainerRowOptions {
  /** Shortens the ID, the command and the mounts. */
  readonly trunc: boolean
  readonly size: string
  /** Called only for JSON and templates, because it reads the record of the image. */
  readonly platformOf: (container: ContainerSummary) => Platform | undefined
}

type Column =
  | 'Command'
  | 'HealthStatus'
  | 'ID'
  | 'Image'
  | 'Labels'
  | 'LocalVolumes'
  | 'Mounts'
  | 'Names'
  | 'Networks'
  | 'Ports'
  | 'RunningFor'
  | 'Size'
  | 'State'
  | 'Status'

export type ContainerRow = Readonly<
  Record<Column, string> & { CreatedAt: () => string; Platform: () => Platform | null }
>

/** The fields of a container in `ps` and `system df -v`. */
export function containerRow(
  container: ContainerSummary,
  { trunc, size, platformOf }: ContainerRowOptions,
): ContainerRow {
  return {
    ID: trunc ? container.id.slice(0, 12) : container.id,
    Image: container.image,
    Command: formatCommand(container.command, trunc),
    RunningFor: formatAge(container.created),
    // A function, because the time zone costs milliseconds and no table shows it.
    CreatedAt: () => formatInstant(container.created),
    Status: formatStatus(container),
    State: container.state,
    HealthStatus: container.health,
    Ports: formatPorts(container),
    Names: container.name,
    Labels: formatLabels(container.labels),
    LocalVolumes: String(container.mounts.filter(({ isVolume }) => isVolume).length),
    Mounts: container.mounts.map(({ source }) => (trunc ? ellipsis(source, 15) : source)).join(','),
    Networks: container.networks.join(','),
    Size: size,
    Platform: () => platformDocument(platformOf(container)),
  }
}

/** Has the order of Docker, so that lines can be compared. */
function platformDocument(platform: Platform | undefined): Platform | null {
  if (platform === undefined) return null
  const { architecture, os, ...rest } = platform
  return { architecture, os, ...rest }
}

/** Quotes as Docker does: words with spaces in single quotes, and the whole as Go quotes it. */
function formatCommand(argv: readonly string[], shorten: boolean): string {
  const text = argv.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')
  return JSON.stringify(shorten ? ellipsis(text, 20) : text)
}
