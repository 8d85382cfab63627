import type { VolumeRecord } from '#records'
import { hasLabel, type LabelCondition } from '../filter/labels.ts'

/** Which volumes to list. Every volume matches an absent member. */
export interface VolumeFilter {
  /** True: volumes that no container uses; false: the others. */
  readonly dangling?: boolean | undefined
  readonly drivers?: readonly string[] | undefined
  /** All of these. */
  readonly labels?: readonly LabelCondition[] | undefined
  /** Parts of names; one must match. */
  readonly names?: readonly string[] | undefined
}

export function passesVolumeFilter(
  { dangling, drivers, labels = [], names }: VolumeFilter,
  volume: Pick<VolumeRecord, 'name' | 'labels'>,
  isUsed: boolean,
): boolean {
  return (
    (dangling === undefined || dangling !== isUsed) &&
    (drivers === undefined || drivers.includes('local')) &&
    labels.every((label) => hasLabel(volume.labels, label)) &&
    (names === undefined || names.some((part) => volume.name.includes(part)))
  )
}
