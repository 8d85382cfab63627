import type { VolumeFilter } from '#engine/volume/volume-filter'
import {
  type ConditionTable,
  groupConditions,
  parseDangling,
  parseLabelCondition,
} from './conditions.ts'

const table: ConditionTable<'dangling' | 'driver' | 'label' | 'name'> = {
  action: 'filter volumes',
  keys: ['dangling', 'driver', 'label', 'name'],
  remedy: 'use dangling=true, driver=local, label=KEY[=VALUE] or name=PART',
}

/** Reads Docker's conditions on volumes. Throws `INVALID` for an unknown one. */
export function parseVolumeFilters(words: readonly string[]): VolumeFilter {
  const values = groupConditions(words, table)
  return {
    dangling: values
      .get('dangling')
      ?.map((text) => parseDangling(text, table))
      .at(-1),
    drivers: values.get('driver'),
    labels: values.get('label')?.map(parseLabelCondition),
    names: values.get('name'),
  }
}
