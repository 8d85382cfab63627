import type { RecordsContext } from '../context.ts'
import { Fields } from '../fields.ts'

/** Facts were lost: the database was missing or unreadable while the store held content. */
export interface LossRecord {
  /** When an empty database was made in its place, milliseconds since 1970. */
  readonly at: number
  /** Where the unreadable file is now; `null` when there was none. */
  readonly setAside: string | null
  /** Whether what could be found elsewhere was recorded again. */
  readonly isRestored: boolean
}

/** Remembers a loss until a person has had the store repaired. Until then nothing may be collected. */
export interface Loss {
  get(): LossRecord | undefined
  /** Everything that could be found elsewhere is recorded again. */
  restored(): void
  /** The store was repaired: what is recorded now counts as everything. */
  forget(): void
}

export function createLoss({ database }: Pick<RecordsContext, 'database'>): Loss {
  return {
    get: () => {
      const row = database.get('SELECT * FROM loss')
      if (row === undefined) return undefined
      const fields = new Fields('the loss of the database', row)
      return {
        at: fields.number('at'),
        setAside: fields.nullable('set_aside', (column) => fields.text(column)),
        isRestored: fields.number('is_restored') === 1,
      }
    },
    restored: () => void database.run('UPDATE loss SET is_restored = 1'),
    forget: () => void database.run('DELETE FROM loss'),
  }
}
