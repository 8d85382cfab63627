import type { VolumeFilter } from '#engine/volume/volume-filter'
import { StrakeError } from '#oci'
import { type ConditionTable, groupConditions, parseLabelCondition } from './conditions.ts'

const table: ConditionTable<'dangling' | 'driver' | 'label' | 'name'> = {
  action: 'filter volumes',
  keys: ['dangling', 'driver', 'label', 'name'],
  remedy: 'use dangling=true, driver=local, label=KEY[=VALUE] or name=PART',
}

/** Reads Docker's conditions on volumes. Throws `INVALID` for an unknown one. */
export function parseVolumeFilters(words: readonly string[]): VolumeFilter {
  const values = groupConditions(words, table)
  return {
    dangling: values.get('dangling')?.map(parseDangling).at(-1),
    drivers: values.get('driver'),
    labels: values.get('label')?.map(parseLabelCondition),
    names: values.get('name'),
  }
}

function parseDangling(text: string): boolean {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new StrakeError(
    'INVALID',
    `Cannot filter volumes by 'dangling=${text}': expected true or false`,
  )
}
