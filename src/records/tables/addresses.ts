import { StrakeError } from '#oci'
import { isAlive, ownIdentity, type SqlRow } from '#platform'
import { addressOf, formatIn, hostsOf, isIpv6, rangeOf } from '../address-range.ts'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

export interface AddressRecord {
  readonly network: string
  readonly address: string
  /** ID of the container, or of another temporary user of the network. */
  readonly container: string
}

export interface AllocateOptions {
  /** ID of the new owner. */
  readonly container: string
  /** In CIDR form: `10.88.0.0/16` or `fd00::/64`. */
  readonly subnet: string
  /** The part of the subnet from which an address is chosen: CIDR form. */
  readonly range?: string | undefined
  /** Addresses that are never allocated, such as that of the gateway. */
  readonly reserved?: readonly string[]
  /** The requested address (`--ip`, `--ip6`). */
  readonly address?: string | undefined
}

/** Which address on a network belongs to which container. */
export interface Addresses {
  /**
   * Allocates the next free address after the last allocated one, so that a released address is
   * reused as late as possible. Throws `CONFLICT` when the requested address is taken or reserved,
   * `UNAVAILABLE` when the subnet is full, and `INVALID`.
   */
  allocate(network: string, options: AllocateOptions): string
  /** Releases all addresses of a container, or those on one network; returns their number. */
  release(container: string, network?: string): number
  /** Releases addresses that belong to no container and whose requesting process has ended. */
  releaseGone(): number
  list(network?: string): AddressRecord[]
}

export function createAddresses({ database, reportIn }: RecordsContext): Addresses {
  const report = reportIn('addresses')
  const rows = (): (AddressRecord & { readonly row: SqlRow })[] =>
    readRows(database.all('SELECT * FROM addresses ORDER BY network, address'), readAddress, report)
  const insert = (network: string, address: string, container: string): void => {
    const { pid, startTime, bootId } = ownIdentity()
    database.run(
      'INSERT INTO addresses (network, address, container, pid, start_time, boot_id) VALUES (?,?,?,?,?,?)',
      network,
      address,
      container,
      pid,
      startTime,
      bootId,
    )
  }
  const next = (network: string, options: AllocateOptions): string => {
    const { first, last } = rangeOf(options.subnet, options.range)
    const taken = new Set(options.reserved)
    for (const [address] of database.values(
      'SELECT address FROM addresses WHERE network = ?',
      network,
    )) {
      taken.add(String(address))
    }
    const isNew = isIpv6(options.subnet)
    // The number of an IPv6 address has no place in the column. Its distance from the first has.
    const cursor = isNew ? { key: `${network} ipv6`, zero: first } : { key: network, zero: 0n }
    const row = database.get('SELECT last FROM address_cursors WHERE network = ?', cursor.key)
    const start = row === undefined ? first - 1n : BigInt(Number(row['last'])) + cursor.zero
    const count = last - first + 1n
    for (let step = 1n; step <= count; step++) {
      const offset = (((start - first + step) % count) + count) % count
      const address = formatIn(options.subnet, first + offset)
      if (taken.has(address)) continue
      database.run(
        'INSERT OR REPLACE INTO address_cursors (network, last) VALUES (?,?)',
        cursor.key,
        Number(first + offset - cursor.zero),
      )
      return address
    }
    throw new StrakeError(
      'UNAVAILABLE',
      `Cannot allocate an address on network ${network}: all of ${options.range ?? options.subnet} are in use`,
      { remedy: 'remove containers that are no longer needed' },
    )
  }
  return {
    allocate: (network, options) =>
      database.transaction(() => {
        const { container, subnet } = options
        const wanted = options.address && formatIn(subnet, addressOf(options.address))
        if (wanted !== undefined) refuseUnfit(wanted, options)
        const address = wanted ?? next(network, options)
        const owner = database.get(
          'SELECT container FROM addresses WHERE network = ? AND address = ?',
          network,
          address,
        )
        if (owner !== undefined)
          throw conflict(address, `${String(owner['container']).slice(0, 12)} has it`)
        insert(network, address, container)
        return address
      }),
    release: (container, network) =>
      network === undefined
        ? database.run('DELETE FROM addresses WHERE container = ?', container)
        : database.run(
            'DELETE FROM addresses WHERE container = ? AND network = ?',
            container,
            network,
          ),
    releaseGone: () =>
      database.transaction(() => {
        const known = new Set(database.values('SELECT id FROM containers').map(([id]) => id))
        const gone = rows().filter(
          ({ row, container }) => !known.has(container) && !ownerLives(row),
        )
        for (const { network, address } of gone) {
          database.run('DELETE FROM addresses WHERE network = ? AND address = ?', network, address)
        }
        return gone.length
      }),
    list: (network) =>
      rows()
        .filter((each) => network === undefined || each.network === network)
        .map(({ network, address, container }) => ({ network, address, container })),
  }
}

function refuseUnfit(address: string, { subnet, reserved = [] }: AllocateOptions): void {
  const { first, last } = hostsOf(subnet)
  const number = addressOf(address)
  const isOther = isIpv6(address) !== isIpv6(subnet)
  if (isOther || number < first || number > last)
    throw conflict(address, `it is not an address of ${subnet}`)
  if (reserved.includes(address)) throw conflict(address, 'it is reserved')
}

function conflict(address: string, reason: string): StrakeError {
  return new StrakeError('CONFLICT', `Cannot use address ${address}: ${reason}`)
}

function ownerLives(row: SqlRow): boolean {
  const fields = new Fields('an address', row)
  return isAlive({
    pid: fields.number('pid'),
    startTime: fields.text('start_time'),
    bootId: fields.text('boot_id'),
  })
}

function readAddress(row: SqlRow): AddressRecord & { readonly row: SqlRow } {
  const fields = new Fields(`the address ${String(row['address'])}`, row)
  const [network, address] = [fields.text('network'), fields.text('address')]
  return { network, address, container: fields.text('container'), row }
}
