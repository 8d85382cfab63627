import type { LabelCondition } from '#engine/filter/labels'
import type { PruneFilter } from '#engine/filter/prune-filter'
import { StrakeError } from '#oci'
import { parseTime } from '../flags/time.ts'
import { type ConditionTable, groupConditions, parseLabelCondition } from './conditions.ts'

const table: ConditionTable<'until' | 'label' | 'label!'> = {
  action: 'prune',
  keys: ['until', 'label', 'label!'],
  remedy: 'use until=24h, label=KEY[=VALUE] or label!=KEY[=VALUE]',
}

/** Reads `until=24h`, `label=KEY[=VALUE]` and `label!=KEY[=VALUE]`. Throws `INVALID` for any other condition. */
export function parsePruneFilters(words: readonly string[]): PruneFilter {
  const values = groupConditions(words, table)
  return {
    until: values.get('until')?.map((text) => parseTime('--filter until', text)),
    labels: values.get('label')?.map((text) => parseLabel('label', text)),
    withoutLabels: values.get('label!')?.map((text) => parseLabel('label!', text)),
  }
}

function parseLabel(key: string, text: string): LabelCondition {
  if (text !== '') return parseLabelCondition(text)
  throw new StrakeError('INVALID', `Cannot prune by '${key}=': it names no label`, {
    remedy: table.remedy,
  })
}
