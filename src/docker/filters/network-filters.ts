import type { NetworkFilter } from '#engine/network/network-filter'
import { StrakeError } from '#oci'
import {
  type ConditionTable,
  groupConditions,
  parseDangling,
  parseLabelCondition,
} from './conditions.ts'

const table: ConditionTable<'dangling' | 'driver' | 'id' | 'label' | 'name' | 'scope' | 'type'> = {
  action: 'filter networks',
  keys: ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'],
  remedy: 'use dangling=true, driver=, id=, label=KEY[=VALUE], name=PART, scope= or type=custom',
}

/** Reads Docker's conditions on networks. Throws `INVALID` for an unknown one. */
export function parseNetworkFilters(words: readonly string[]): NetworkFilter {
  const values = groupConditions(words, table)
  return {
    dangling: values
      .get('dangling')
      ?.map((text) => parseDangling(text, table))
      .at(-1),
    drivers: values.get('driver'),
    ids: values.get('id'),
    labels: values.get('label')?.map(parseLabelCondition),
    names: values.get('name'),
    scopes: values.get('scope'),
    types: values.get('type')?.map(parseType),
  }
}

function parseType(text: string): 'builtin' | 'custom' {
  if (text === 'builtin' || text === 'custom') return text
  throw refused(`type=${text}`, 'builtin or custom')
}

function refused(condition: string, expected: string): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot filter networks by '${condition}': expected ${expected}`,
  )
}
