import { openDatabase } from './sqlite.ts'

/**
 * Writes a copy of a database as it is at one moment, while other processes use it. `to` must be
 * absent.
 */
export function snapshotDatabase(path: string, to: string): void {
  const database = openDatabase(path)
  try {
    database.run('VACUUM INTO ?', to)
  } finally {
    database.close()
  }
}
