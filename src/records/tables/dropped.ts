import type { Digest } from '#oci'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/**
 * Compressed layers whose blobs were deleted because they can be restored. The record is written
 * before the blob is deleted, and removed after it is back. A blob that exists counts as present,
 * whatever is recorded.
 */
export interface Dropped {
  add(digest: Digest, diffId: Digest): void
  remove(digest: Digest): void
  diffIdOf(digest: Digest): Digest | undefined
  list(): DroppedRecord[]
}

export interface DroppedRecord {
  readonly digest: Digest
  readonly diffId: Digest
}

export function createDropped({ database, reportIn }: RecordsContext): Dropped {
  const report = reportIn('dropped')
  return {
    add: (digest, diffId) => {
      database.run('INSERT OR REPLACE INTO dropped (digest, diff_id) VALUES (?,?)', digest, diffId)
    },
    remove: (digest) => {
      database.run('DELETE FROM dropped WHERE digest = ?', digest)
    },
    diffIdOf: (digest) => {
      const row = database.get('SELECT diff_id FROM dropped WHERE digest = ?', digest)
      return row && new Fields(`the dropped blob ${digest}`, row).digest('diff_id')
    },
    list: () =>
      readRows(
        database.all('SELECT digest, diff_id FROM dropped'),
        (row) => {
          const fields = new Fields('a dropped blob', row)
          return { digest: fields.digest('digest'), diffId: fields.digest('diff_id') }
        },
        report,
      ),
  }
}
