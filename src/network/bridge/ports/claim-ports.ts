import { setTimeout as sleep } from 'node:timers/promises'
import { StrakeError } from '#oci'
import {
  addElements,
  deleteElements,
  ipVersion,
  isSystemError,
  listElements,
  listForwardChains,
  type NetlinkSocket,
  probePort,
} from '#platform'
import { isWildcard, type PortRequest, type PortTarget, type PublishedPort } from '../../port.ts'
import {
  decodeElement,
  elementsOf,
  encodeElement,
  portFamily,
  publishedAtMap,
  publishedMap,
} from '../ruleset.ts'
import type { AttachmentRecord, AttachmentRecords } from '../state.ts'
import { findPortOwner } from './port-owner.ts'

/** The container that publishes, the network, and the records of published ports. */
export interface ClaimOptions {
  readonly netfilter: NetlinkSocket
  readonly table: string
  readonly records: AttachmentRecords
  /** The container that publishes. The claim adds its ports. */
  readonly record: AttachmentRecord
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds for which the kernel may still have the ports of an ended container. */
const patience = 500

/**
 * Publishes all requested ports or none, and writes their record. Chooses the port where the
 * request allows a choice. When two containers request the same port, the kernel's map decides.
 * Throws `CONFLICT` when a process of the host or another container has one of the ports.
 */
export async function claimPorts(
  requests: readonly PortRequest[],
  options: ClaimOptions,
): Promise<readonly PublishedPort[]> {
  const { netfilter, table, records, record, signal } = options
  const deadline = performance.now() + patience
  for (;;) {
    signal?.throwIfAborted()
    const taken = listTaken(requests, options)
    const leftovers = taken.filter((port) => port.leftover && isNamed(port, requests))
    if (leftovers.length > 0) {
      const owned = leftovers.some((port) => port.owner !== undefined)
      if (owned && performance.now() < deadline) await sleep(3, undefined, { signal })
      else
        deleteElements(
          netfilter,
          leftovers.map((port) => encodeElement(port.table, port, port.ip)),
        )
      continue
    }
    const ports = onBothFamilies(choosePorts(requests, taken))
    // Written first, because any process may delete an element without a record.
    records.put({ ...record, ports: [...record.ports, ...ports] })
    try {
      const elements = elementsOf({ ...record, ports }).map(({ port, ip }) =>
        encodeElement(table, port, ip),
      )
      if (elements.length > 0) addElements(netfilter, elements)
      return ports
    } catch (error) {
      if (record.ports.length > 0) records.put(record)
      else records.remove(record.containerId)
      if (!isSystemError(error, 'EEXIST') || performance.now() > deadline) throw error
    }
  }
}

/** A port on all addresses of the host is on those of IPv6 too, where the kernel has IPv6. */
function onBothFamilies(ports: readonly PublishedPort[]): readonly PublishedPort[] {
  if (!ports.some(isWildcard) || !hasIpv6()) return ports
  return ports.flatMap((port) => (isWildcard(port) ? [port, { ...port, hostIp: allIpv6 }] : [port]))
}

interface TakenPort extends PublishedPort {
  readonly table: string
  readonly ip: string
  /** The container that has the port, if it belongs to this network. */
  readonly owner: AttachmentRecord | undefined
  /** True when its container has ended, so that the port will soon be free. */
  readonly leftover: boolean
}

/** Returns the published ports that may conflict with `requests`. */
function listTaken(
  requests: readonly PortRequest[],
  { netfilter, table, records }: ClaimOptions,
): readonly TakenPort[] {
  const isWanted = ({ port }: { readonly port: PublishedPort }) => isRequested(port, requests)
  const own = listPublished(netfilter, table).filter(isWanted)
  const live = own.length === 0 ? [] : records.list()
  const buried = own.length === 0 ? [] : records.listBuried().map(({ record }) => record)
  const ours = own.map(({ port, ip }) => {
    const publishes = (record: AttachmentRecord) => owns(record, { port, ip })
    const owner = live.find(publishes)
    const leftover = owner === undefined
    return { ...port, table, ip, leftover, owner: owner ?? buried.find(publishes) }
  })
  const foreign = listForeignTables(netfilter, table).flatMap((other) =>
    listPublished(netfilter, other)
      .filter(isWanted)
      .map(({ port, ip }) => {
        return { ...port, table: other, ip, leftover: false, owner: undefined }
      }),
  )
  return [...ours, ...foreign]
}

/** Whether an element of a map belongs to this container. */
export function owns(record: AttachmentRecord, element: PortTarget): boolean {
  return elementsOf(record).some(
    ({ port, ip }) => ip === element.ip && isSamePort(port, element.port),
  )
}

/** Returns every port in the maps of the table, of both families. */
export function listPublished(netfilter: NetlinkSocket, table: string): readonly PortTarget[] {
  return (['ip', 'ip6'] as const).flatMap((family) => {
    const maps = [publishedMap(table, family), publishedAtMap(table, family)]
    try {
      return maps.flatMap((map) => listElements(netfilter, map).map(decodeElement))
    } catch (error) {
      // A network may have addresses of one family only.
      if (isSystemError(error, 'ENOENT')) return []
      throw error
    }
  })
}

/** Returns the tables of other stores on the same host. */
function listForeignTables(netfilter: NetlinkSocket, table: string): readonly string[] {
  const tables = listForwardChains(netfilter)
    .filter(({ family, name }) => family !== 'inet' && name === 'publish')
    .map((chain) => chain.table)
    .filter((other) => other !== table && other.startsWith('strake'))
  return [...new Set(tables)]
}

function choosePorts(
  requests: readonly PortRequest[],
  taken: readonly TakenPort[],
): readonly PublishedPort[] {
  const chosen: PublishedPort[] = []
  for (const request of requests) {
    const isTaken = (port: PublishedPort) =>
      [...taken, ...chosen].some((other) => meets(other, port))
    chosen.push(choosePort(request, isTaken, taken))
  }
  return chosen
}

function choosePort(
  request: PortRequest,
  isTaken: (port: PublishedPort) => boolean,
  taken: readonly TakenPort[],
): PublishedPort {
  const { hostIp = '0.0.0.0', containerPort, protocol, hostPort, hostPortEnd = hostPort } = request
  const port = (number: number) => ({ hostIp, hostPort: number, containerPort, protocol })
  if (hostPort === 0) {
    for (let attempt = 0; attempt < 100; attempt++) {
      const candidate = port(probe(port(0)) ?? 0)
      if (candidate.hostPort !== 0 && !isTaken(candidate)) return candidate
    }
    throw new StrakeError('CONFLICT', `Cannot publish port ${containerPort}: no host port is free`)
  }
  for (let number = hostPort; number <= hostPortEnd; number++) {
    const candidate = port(number)
    if (!isTaken(candidate) && probe(candidate) !== undefined) return candidate
  }
  throw inUse(port(hostPort), hostPortEnd, taken)
}

/**
 * Returns the port if no socket of the host is bound to it; for a port on all addresses, on IPv6
 * too.
 */
function probe(port: PublishedPort): number | undefined {
  const free = probeAddress(port)
  if (free === undefined || !isWildcard(port) || !hasIpv6()) return free
  return probeAddress({ ...port, hostIp: allIpv6, hostPort: free })
}

/** Stands for all IPv6 addresses of the host. */
const allIpv6 = '::'

/** Whether this machine can publish on IPv6 addresses. */
function hasIpv6(): boolean {
  try {
    return probePort('tcp', allIpv6, 0) > 0
  } catch (error) {
    if (isSystemError(error, 'EAFNOSUPPORT', 'EADDRNOTAVAIL')) return false
    throw error
  }
}

function probeAddress(port: PublishedPort): number | undefined {
  try {
    return probePort(port.protocol, port.hostIp, port.hostPort)
  } catch (error) {
    if (isSystemError(error, 'EADDRINUSE')) return undefined
    // A kernel without the protocol has no socket that could have the port.
    if (isSystemError(error, 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT')) {
      return port.hostPort || probePort('tcp', port.hostIp, 0)
    }
    if (!isSystemError(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) throw error
    throw new StrakeError(
      'INVALID',
      `Cannot publish port ${describe(port)}: this host has no address ${port.hostIp}`,
      { cause: error },
    )
  }
}

function inUse(port: PublishedPort, last: number, taken: readonly TakenPort[]): StrakeError {
  const remedy = 'choose another host port, or stop the program or container that uses this one'
  if (last > port.hostPort) {
    const range = `${port.hostPort}-${last}`
    return new StrakeError('CONFLICT', `Cannot publish ports ${range}: all of them are in use`, {
      remedy,
    })
  }
  const other = taken.find((candidate) => meets(candidate, port))
  const reason =
    other === undefined
      ? `address already in use by ${describeProcess(port)}`
      : `port is already allocated to ${describeContainer(other)}`
  return new StrakeError('CONFLICT', `Cannot publish port ${describe(port)}: ${reason}`, { remedy })
}

function describeProcess(port: PublishedPort): string {
  return findPortOwner(port.protocol, port.hostPort) ?? 'another process'
}

function describeContainer({ owner }: TakenPort): string {
  if (owner === undefined) return 'a container of another network or store'
  return `container ${owner.name || owner.containerId.slice(0, 12)}`
}

function describe(port: PublishedPort): string {
  const ip = ipVersion(port.hostIp) === 6 ? `[${port.hostIp}]` : port.hostIp
  const at = isWildcard(port) ? '' : `${ip}:`
  return `${at}${port.hostPort}${port.protocol === 'tcp' ? '' : `/${port.protocol}`}`
}

/** Whether two ports would receive the same packets. */
function meets(a: PublishedPort, b: PublishedPort): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort) return false
  if (isWildcard(a) || isWildcard(b) || a.hostIp === b.hostIp) return true
  const isNew = [a, b].every((port) => portFamily(port) === 'ip6')
  return isNew && (a.hostIp === allIpv6 || b.hostIp === allIpv6)
}

/** Whether two entries publish the same port of the host for the same port of a container. */
export function isSamePort(a: PublishedPort, b: PublishedPort): boolean {
  return meets(a, b) && a.hostIp === b.hostIp && a.containerPort === b.containerPort
}

/** Whether a request names the port, so that an old element for it must be removed first. */
function isNamed(port: PublishedPort, requests: readonly PortRequest[]): boolean {
  return isRequested(
    port,
    requests.filter(({ hostPort }) => hostPort !== 0),
  )
}

/** Whether one of the requests could get the port. A request for any port could get each of them. */
function isRequested(port: PublishedPort, requests: readonly PortRequest[]): boolean {
  return requests.some(({ hostIp = '0.0.0.0', hostPort, hostPortEnd = hostPort, ...rest }) => {
    if (hostPort === 0) return port.protocol === rest.protocol
    if (port.hostPort < hostPort || port.hostPort > hostPortEnd) return false
    return meets(port, { ...rest, hostIp, hostPort: port.hostPort })
  })
}
