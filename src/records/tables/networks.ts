import { StrakeError } from '#oci'
import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

export interface NetworkRecord {
  /** Unique. */
  readonly name: string
  readonly createdAt: number
  readonly driver: string
  /** IPv4 in CIDR form; `null` when one is chosen at first use. */
  readonly subnet: string | null
  readonly gateway: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Options of the driver, unchanged. */
  readonly options: Readonly<Record<string, string>>
}

/** The networks that a user has created. The default one has no record. */
export interface NetworkRecords {
  /** Throws `CONFLICT` when the name is taken. */
  insert(
    network: Omit<NetworkRecord, 'createdAt'> & { readonly createdAt?: number | undefined },
  ): void
  get(name: string): NetworkRecord | undefined
  /** Sorted by name. */
  list(): NetworkRecord[]
  /** Returns false when there is no such network. */
  remove(name: string): boolean
}

export function createNetworkRecords({ database, now, reportIn }: RecordsContext): NetworkRecords {
  const report = reportIn('networks')
  return {
    insert({ name, driver, subnet, gateway, labels, options, createdAt = now() }) {
      const isNew = database.run(
        'INSERT OR IGNORE INTO networks (name, created_at, driver, subnet, gateway, labels, options) VALUES (?,?,?,?,?,?,?)',
        name,
        createdAt,
        driver,
        subnet,
        gateway,
        JSON.stringify(labels),
        JSON.stringify(options),
      )
      if (isNew > 0) return
      throw new StrakeError('CONFLICT', `Cannot create network ${name}: the name is taken`)
    },
    get: (name) => {
      const [row] = database.all('SELECT * FROM networks WHERE name = ?', name)
      return row && readNetwork(row)
    },
    list: () => readRows(database.all('SELECT * FROM networks ORDER BY name'), readNetwork, report),
    remove: (name) => database.run('DELETE FROM networks WHERE name = ?', name) > 0,
  }
}

function readNetwork(row: SqlRow): NetworkRecord {
  const fields = new Fields(`the network ${String(row['name'])}`, row)
  const text = (column: string): string => fields.text(column)
  return {
    name: text('name'),
    createdAt: fields.number('created_at'),
    driver: text('driver'),
    subnet: fields.nullable('subnet', text),
    gateway: fields.nullable('gateway', text),
    labels: fields.texts('labels'),
    options: fields.texts('options'),
  }
}
