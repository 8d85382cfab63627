import { StrakeError } from '#oci'
import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, type JsonDocument, readRows } from '../fields.ts'

export interface NetworkRecord {
  /** 64 hexadecimal digits. */
  readonly id: string
  /** Unique. */
  readonly name: string
  readonly createdAt: number
  readonly driver: string
  /** `null` for a network without IPv4. */
  readonly ipv4: NetworkBlock | null
  /** `null` for a network without IPv6. */
  readonly ipv6: NetworkBlock | null
  /** Addresses of both families that other machines have, by their names. */
  readonly auxiliary: Readonly<Record<string, string>>
  /** The network has no route outside. */
  readonly isInternal: boolean
  readonly labels: Readonly<Record<string, string>>
  /** Options of the driver, unchanged. */
  readonly options: Readonly<Record<string, string>>
  readonly traits: NetworkTraits
}

/** The addresses of a network, of one family. */
export interface NetworkBlock {
  /** In CIDR form. */
  readonly subnet: string
  readonly gateway: string
  /** The part of the subnet from which addresses are chosen. Default: the whole subnet. */
  readonly ipRange?: string | undefined
}

/** What few networks have. */
export interface NetworkTraits {
  /** Docker's word for networks of a swarm. Only lists show it. */
  readonly isAttachable?: boolean | undefined
  readonly ipamOptions?: Readonly<Record<string, string>> | undefined
  /** The network is a template for others, and containers cannot join it. */
  readonly isConfigOnly?: boolean | undefined
  /** The name of the template. */
  readonly configFrom?: string | undefined
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
      const { id, name, driver, ipv4, ipv6, isInternal } = network
      const isNew = database.run(
        `INSERT OR IGNORE INTO networks (id, name, created_at, driver, ipv4, ipv6, auxiliary,
           is_internal, labels, options, traits) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
        id,
        name,
        network.createdAt ?? now(),
        driver,
        ipv4 === null ? null : JSON.stringify(ipv4),
        ipv6 === null ? null : JSON.stringify(ipv6),
        JSON.stringify(network.auxiliary),
        isInternal ? 1 : 0,
        JSON.stringify(network.labels),
        JSON.stringify(network.options),
        JSON.stringify(network.traits),
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
    ipv4: fields.nullable('ipv4', (column) => readBlock(fields, column)),
    ipv6: fields.nullable('ipv6', (column) => readBlock(fields, column)),
    auxiliary: fields.texts('auxiliary'),
    isInternal: fields.number('is_internal') !== 0,
    labels: fields.texts('labels'),
    options: fields.texts('options'),
    traits: readTraits(fields.document('traits')),
  }
}

function readBlock(fields: Fields, column: string): NetworkBlock {
  const { subnet = '', gateway = '', ipRange } = fields.texts(column)
  return { subnet, gateway, ipRange }
}

function readTraits(document: JsonDocument): NetworkTraits {
  const { isAttachable, isConfigOnly, configFrom, ipamOptions } = document
  const options = typeof ipamOptions === 'object' ? Object.entries(ipamOptions ?? {}) : []
  return {
    ...(isAttachable === true && { isAttachable }),
    ...(isConfigOnly === true && { isConfigOnly }),
    ...(typeof configFrom === 'string' && { configFrom }),
    ...(options.length > 0 && {
      ipamOptions: Object.fromEntries(options.map(([name, value]) => [name, String(value)])),
    }),
  }
}
