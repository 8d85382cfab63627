import { join } from 'node:path'
import { type Descriptor, isDigest } from '#oci'
import { openDatabase, snapshotDatabase } from '#platform'
import { fileName } from './open.ts'

/** Writes the facts of a directory as they are at one moment. `to` must be absent. */
export function snapshotSqliteFacts(directory: string, to: string): void {
  snapshotDatabase(join(directory, fileName), to)
}

/** Returns what the repositories of such a copy hold, each content once. */
export function contentOfSnapshot(path: string): readonly Pick<Descriptor, 'digest' | 'size'>[] {
  const database = openDatabase(path, { readOnly: true })
  try {
    const rows = database.values('SELECT digest, max(size) FROM members GROUP BY digest')
    return rows.flatMap(([digest, size]) => {
      const text = String(digest)
      return isDigest(text) ? [{ digest: text, size: Number(size) }] : []
    })
  } finally {
    database.close()
  }
}
