import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

export interface VolumeRecord {
  /** Unique, and the name of its directory. */
  readonly name: string
  readonly createdAt: number
  readonly labels: Readonly<Record<string, string>>
  /** Options of the driver, unchanged. */
  readonly options: Readonly<Record<string, string>>
  /** Belongs to one container, and is removed with it. */
  readonly isAnonymous: boolean
}

/** The records of volumes. Their files are in directories of the store. */
export interface Volumes {
  /** Returns false, and changes nothing, when the name is taken. */
  insert(
    volume: Omit<VolumeRecord, 'createdAt'> & { readonly createdAt?: number | undefined },
  ): boolean
  get(name: string): VolumeRecord | undefined
  /** Sorted by name. */
  list(): VolumeRecord[]
  /** Returns false when there is no such volume. */
  remove(name: string): boolean
}

export function createVolumes({ database, now, reportIn }: RecordsContext): Volumes {
  const report = reportIn('volumes')
  return {
    insert: ({ name, labels, options, isAnonymous, createdAt = now() }) =>
      database.run(
        'INSERT OR IGNORE INTO volumes (name, created_at, labels, options, is_anonymous) VALUES (?,?,?,?,?)',
        name,
        createdAt,
        JSON.stringify(labels),
        JSON.stringify(options),
        Number(isAnonymous),
      ) > 0,
    get: (name) => {
      const [row] = database.all('SELECT * FROM volumes WHERE name = ?', name)
      return row && readVolume(row)
    },
    list: () => readRows(database.all('SELECT * FROM volumes ORDER BY name'), readVolume, report),
    remove: (name) => database.run('DELETE FROM volumes WHERE name = ?', name) > 0,
  }
}

function readVolume(row: SqlRow): VolumeRecord {
  const fields = new Fields(`the volume ${String(row['name'])}`, row)
  return {
    name: fields.text('name'),
    createdAt: fields.number('created_at'),
    labels: fields.texts('labels'),
    options: fields.texts('options'),
    isAnonymous: fields.number('is_anonymous') !== 0,
  }
}
