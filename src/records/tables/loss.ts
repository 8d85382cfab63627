import type { RecordsContext } from '../context.ts'
import { Fields } from '../fields.ts'

/** The database was missing or unreadable while the store had content, so facts were lost. */
export interface LossRecord {
  /** When an empty database was created instead, in milliseconds since 1970. */
  readonly at: number
  /** Where the unreadable file is now; `null` when there was none. */
  readonly setAside: string | null
  /** Whether facts that could be found elsewhere were recorded again. */
  readonly isRestored: boolean
}

/** Records a loss until a user has repaired the store. Nothing may be collected before that. */
export interface Loss {
  get(): LossRecord | undefined
  /** Notes that facts found elsewhere were recorded again. */
  restored(): void
  /** The store was repaired: the recorded facts now count as complete. */
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
