import { StrakeError } from '#oci'
import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

export interface NetworkRecord {
  /** 64 hexadecimal digits. */
  readonly id: string
  /** Unique. */
  readonly name: string
  readonly createdAt: number
  readonly driver: string
  /** IPv4 in CIDR form. */
  readonly subnet: string
  readonly gateway: string
  /** The part of the subnet from which addresses are chosen; `null` for the whole subnet. */
  readonly ipRange: string | null
  /** Addresses that other machines have, by their names. */
  readonly auxiliary: Readonly<Record<string, string>>
  /** The network has no route outside. */
  readonly isInternal: boolean
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
  /**
   * Finds a network by full ID, else by name, else by the prefix of an ID. Returns `undefined` when
   * there is none; throws `CONFLICT` when the prefix matches several IDs.
   */
  find(text: string): NetworkRecord | undefined
  /** Sorted by name. */
  list(): NetworkRecord[]
  /** Returns false when there is no such network. */
  remove(name: string): boolean
}

export function createNetworkRecords({ database, now, reportIn }: RecordsContext): NetworkRecords {
  const report = reportIn('networks')
  const select = (where: string, ...values: readonly string[]): SqlRow[] =>
    database.all(`SELECT * FROM networks WHERE ${where} LIMIT 2`, ...values)
  return {
    insert(network) {
      const { id, name, driver, subnet, gateway, ipRange, isInternal } = network
      const isNew = database.run(
        `INSERT OR IGNORE INTO networks (id, name, created_at, driver, subnet, gateway, ip_range,
           auxiliary, is_internal, labels, options) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
        id,
        name,
        network.createdAt ?? now(),
        driver,
        subnet,
        gateway,
        ipRange,
        JSON.stringify(network.auxiliary),
        isInternal ? 1 : 0,
        JSON.stringify(network.labels),
        JSON.stringify(network.options),
      )
      if (isNew > 0) return
      throw new StrakeError(
        'CONFLICT',
        `Cannot create network ${name}: network with name ${name} already exists`,
        { remedy: `choose another name, or remove that one with strake network rm ${name}` },
      )
    },
    get: (name) => {
      const [row] = select('name = ?', name)
      return row && readNetwork(row)
    },
    find: (text) => {
      const [exact] = [...select('id = ?', text), ...select('name = ?', text)]
      if (exact !== undefined) return readNetwork(exact)
      if (!/^[0-9a-f]+$/.test(text)) return undefined
      const [first, second] = select('id >= ? AND id < ?', text, `${text}g`)
      if (second === undefined) return first && readNetwork(first)
      throw new StrakeError(
        'CONFLICT',
        `Cannot choose network ${text}: it is the prefix of several IDs`,
        { remedy: 'use a longer prefix, or the name' },
      )
    },
    list: () => readRows(database.all('SELECT * FROM networks ORDER BY name'), readNetwork, report),
    remove: (name) => database.run('DELETE FROM networks WHERE name = ?', name) > 0,
  }
}

function readNetwork(row: SqlRow): NetworkRecord {
  const fields = new Fields(`the network ${String(row['name'])}`, row)
  const text = (column: string): string => fields.text(column)
  return {
    id: text('id'),
    name: text('name'),
    createdAt: fields.number('created_at'),
    driver: text('driver'),
    subnet: text('subnet'),
    gateway: text('gateway'),
    ipRange: fields.nullable('ip_range', text),
    auxiliary: fields.texts('auxiliary'),
    isInternal: fields.number('is_internal') !== 0,
    labels: fields.texts('labels'),
    options: fields.texts('options'),
  }
}
