import type { SearchFilter } from '#engine/registry/search'
import { StrakeError } from '#oci'
import { type ConditionTable, groupConditions } from './conditions.ts'

const table: ConditionTable<'is-automated' | 'is-official' | 'stars'> = {
  action: 'filter repositories',
  keys: ['is-automated', 'is-official', 'stars'],
  remedy: 'use is-official=true, is-automated=true or stars=NUMBER',
}

/** Reads Docker's conditions on the results of a search. Throws `INVALID`. */
export function parseSearchFilters(words: readonly string[]): SearchFilter {
  const values = groupConditions(words, table)
  return {
    isAutomated: truth('is-automated', values.get('is-automated')),
    isOfficial: truth('is-official', values.get('is-official')),
    stars: Math.max(0, ...(values.get('stars') ?? []).map(count)),
  }
}

function truth(key: string, texts: readonly string[] = []): boolean | undefined {
  const [text] = texts
  if (text === undefined) return undefined
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw refuse(`${key}=${text}`, 'expected true or false')
}

function count(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw refuse(`stars=${text}`, 'expected a whole number')
}

function refuse(condition: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot ${table.action} by '${condition}': ${reason}`)
}
