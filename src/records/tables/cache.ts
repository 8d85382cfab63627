import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

export interface CacheRecord {
  readonly key: string
  /** The stored JSON value; the caller must check it. */
  readonly value: unknown
  /** Bytes of data that are removed together with the record. */
  readonly size: number
  readonly createdAt: number
  readonly lastUsedAt: number
}

export interface PruneOptions {
  /** Removes records that were not used since this time. */
  readonly unusedSince?: number
  /** Then removes the least recently used records until the rest is at most this large. */
  readonly keepBytes?: number
}

/** Records of the build solver: results by key, and the last inputs by definition. */
export interface Cache {
  /** Returns the value and notes the use; `undefined` for a miss. */
  get(key: string): unknown
  put(key: string, value: unknown, options?: { readonly size?: number }): void
  remove(key: string): boolean
  /** Least recently used first. */
  list(): CacheRecord[]
  /** Removes records and returns them; without options, all. */
  prune(options?: PruneOptions): CacheRecord[]
  /**
   * Stores facts about the inputs of steps. Facts under the name of `inputsName` are removed together
   * with the result. Of the others the oldest are removed when there are many.
   */
  putInputs(definition: string, inputs: unknown): void
  /** The facts under a name; `undefined` when there are none. */
  inputsOf(definition: string): unknown
  /** Writes the noted uses to the database; closing the records does this too. */
  flush(): void
}

/** The name of the facts about the inputs of the step with the result `key`. */
export function inputsName(key: string): string {
  return `inputs ${key}`
}

/** The most facts about inputs. A step has at most 400 KiB of them, and most have less than 1 KiB. */
const mostInputs = 20_000

export function createCache({ database, now, reportIn }: RecordsContext): Cache {
  const report = reportIn('cache')
  // A hit must not cost a durable write, so uses are collected and written together.
  const used = new Map<string, number>()
  const flush = (): void => {
    if (used.size === 0) return
    database.transaction(() => {
      for (const [key, at] of used) {
        database.run('UPDATE cache SET last_used_at = max(last_used_at, ?) WHERE key = ?', at, key)
      }
    })
    used.clear()
  }
  const list = (): CacheRecord[] => {
    flush()
    return readRows(
      database.all('SELECT * FROM cache ORDER BY last_used_at, key'),
      readCache,
      report,
    )
  }
  const remove = (key: string): boolean => {
    database.run('DELETE FROM cache_inputs WHERE definition = ?', inputsName(key))
    return database.run('DELETE FROM cache WHERE key = ?', key) > 0
  }
  let isTrimmed = false
  const trim = (): void => {
    isTrimmed = true
    database.run(
      'DELETE FROM cache_inputs WHERE at < (SELECT at FROM cache_inputs ORDER BY at DESC LIMIT 1 OFFSET ?)',
      mostInputs - 1,
    )
  }
  return {
    get: (key) => {
      const row = database.get('SELECT * FROM cache WHERE key = ?', key)
      const [record] = row === undefined ? [] : readRows([row], readCache, report)
      if (record !== undefined) used.set(key, now())
      return record?.value
    },
    put: (key, value, { size = 0 } = {}) => {
      database.run(
        'INSERT OR REPLACE INTO cache (key, value, size, created_at, last_used_at) VALUES (?,?,?,?,?)',
        key,
        JSON.stringify(value),
        size,
        now(),
        now(),
      )
    },
    remove,
    list,
    prune: (options) =>
      database.transaction(() => {
        const dropped = options === undefined ? list() : superfluous(list(), options)
        for (const { key } of dropped) remove(key)
        if (options === undefined) database.run('DELETE FROM cache_inputs')
        else trim()
        return dropped
      }),
    putInputs: (definition, inputs) => {
      database.run(
        'INSERT OR REPLACE INTO cache_inputs (definition, inputs, at) VALUES (?,?,?)',
        definition,
        JSON.stringify(inputs),
        now(),
      )
      // Once in a process is enough, and costs a walk through an index.
      if (!isTrimmed) trim()
    },
    inputsOf: (definition) => {
      const row = database.get('SELECT inputs FROM cache_inputs WHERE definition = ?', definition)
      return row && new Fields(`the inputs of ${definition}`, row).json('inputs')
    },
    flush,
  }
}

function superfluous(records: readonly CacheRecord[], options: PruneOptions): CacheRecord[] {
  const { unusedSince = 0, keepBytes = Number.POSITIVE_INFINITY } = options
  let kept = records
    .filter(({ lastUsedAt }) => lastUsedAt >= unusedSince)
    .reduce((sum, { size }) => sum + size, 0)
  return records.filter(({ lastUsedAt, size }) => {
    if (lastUsedAt < unusedSince) return true
    if (kept <= keepBytes) return false
    kept -= size
    return true
  })
}

function readCache(row: SqlRow): CacheRecord {
  const fields = new Fields(`the cache record ${String(row['key'])}`, row)
  return {
    key: fields.text('key'),
    value: fields.json('value'),
    size: fields.number('size'),
    createdAt: fields.number('created_at'),
    lastUsedAt: fields.number('last_used_at'),
  }
}
