import type { CacheFilter } from '#engine/store/select-cache'
import { StrakeError } from '#oci'
import { parseTime } from '../flags/time.ts'
import { type ConditionTable, groupConditions } from './conditions.ts'

const table: ConditionTable<Key> = {
  action: 'filter the build cache',
  keys: ['until', 'unused-for', 'id', 'type', 'shared', 'private', 'inuse', 'mutable', 'immutable'],
  remedy: 'use until=24h, id=ID, type=regular, type=exec.cachemount, inuse, shared or private',
}

type Key =
  | 'until'
  | 'unused-for'
  | 'id'
  | 'type'
  | 'shared'
  | 'private'
  | 'inuse'
  | 'mutable'
  | 'immutable'

/** Types of BuildKit's cache records, with the entries of strake that each one means. */
const types: Readonly<Record<string, NonNullable<CacheFilter['kinds']>>> = {
  regular: ['step'],
  'exec.cachemount': ['mount'],
  internal: [],
  frontend: [],
  'source.local': [],
  'source.git.checkout': [],
}

/** Reads `--filter` of `builder prune` and `builder du`. Throws `INVALID` for any other condition. */
export function parseCacheFilters(words: readonly string[]): CacheFilter {
  const isSwitch = (word: string): boolean => !word.includes('=')
  const values = groupConditions(
    words.map((word) => (isSwitch(word) ? `${word}=true` : word)),
    table,
  )
  const times = [...(values.get('until') ?? []), ...(values.get('unused-for') ?? [])]
  const instants = times.map((text) => parseTime('--filter until', text).getTime())
  const [shared, own] = [truth('shared', values), truth('private', values)]
  const kinds = [
    values.get('type')?.flatMap(parseType),
    kindsOf(truth('mutable', values), ['mount'], ['step']),
    kindsOf(truth('immutable', values), ['step'], ['mount']),
  ].filter((list) => list !== undefined)
  return {
    unusedSince: instants.length === 0 ? undefined : Math.min(...instants),
    ids: values.get('id'),
    kinds: kinds.length === 0 ? undefined : kinds.reduce(intersect),
    isShared: shared ?? (own === undefined ? undefined : !own),
    isBusy: truth('inuse', values),
  }
}

function parseType(text: string): NonNullable<CacheFilter['kinds']> {
  const kinds = Object.hasOwn(types, text) ? types[text] : undefined
  if (kinds !== undefined) return kinds
  throw new StrakeError(
    'INVALID',
    `Cannot filter the build cache by 'type=${text}': unknown type`,
    {
      remedy: `use one of ${Object.keys(types).join(', ')}`,
    },
  )
}

type Kinds = NonNullable<CacheFilter['kinds']>

function kindsOf(on: boolean | undefined, yes: Kinds, no: Kinds): Kinds | undefined {
  return on === undefined ? undefined : on ? yes : no
}

function intersect(a: Kinds, b: Kinds): Kinds {
  return a.filter((kind) => b.includes(kind))
}

function truth(key: Key, values: ReadonlyMap<Key, readonly string[]>): boolean | undefined {
  const text = values.get(key)?.at(-1)
  if (text === undefined) return undefined
  if (/^(true|1)$/i.test(text)) return true
  if (/^(false|0)$/i.test(text)) return false
  throw new StrakeError('INVALID', `Cannot filter the build cache by '${key}=${text}'`, {
    remedy: `write ${key}=true or ${key}=false`,
  })
}
