import type { ImageFilters } from '#engine/image/image-filter'
import { parseTime } from '../flags/time.ts'
import {
  type ConditionTable,
  groupConditions,
  parseDangling,
  parseLabelCondition,
} from './conditions.ts'

const table: ConditionTable<'dangling' | 'label' | 'reference' | 'before' | 'since' | 'until'> = {
  action: 'filter images',
  keys: ['dangling', 'label', 'reference', 'before', 'since', 'until'],
  remedy:
    'use dangling=true, label=KEY[=VALUE], reference=PATTERN, before=IMAGE, since=IMAGE or until=AGE',
}

/** Reads Docker's conditions on images. Throws `INVALID` for an unknown one. */
export function parseImageFilters(words: readonly string[]): ImageFilters {
  const values = groupConditions(words, table)
  return {
    dangling: values.get('dangling')?.map((text) => parseDangling(text, table)),
    labels: values.get('label')?.map(parseLabelCondition),
    references: values.get('reference'),
    before: values.get('before'),
    since: values.get('since'),
    until: values.get('until')?.map((text) => parseTime('--filter until', text)),
  }
}
