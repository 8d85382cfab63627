import { closeSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isStrakeError, StrakeError } from '#oci'
import {
  contains,
  createNetworkNamespace,
  deleteElements,
  deleteElementsInBackground,
  findNft,
  forgetUdpFlows,
  formatAddress,
  formatSubnet,
  ipVersion,
  isSystemError,
  lastAddress,
  macOf,
  type NetlinkSocket,
  netlinkProtocol,
  openNetlink,
  parseAddress,
  removeNetworkNamespace,
} from '#platform'
import type { PortRequest, PublishedPort } from '../port.ts'
import { type Bridge, type BridgeOptions, ensureBridge, removeBridge } from './bridge.ts'
import {
  allIpv6,
  chooseIpv6Ports,
  claimPorts,
  hasIpv6,
  isSamePort,
  listPublished,
} from './claim-ports.ts'
import { configureContainer, createVeth, setPortUp } from './link.ts'
import { encodeElement, formatRemoval, isWildcard } from './ruleset.ts'
import { type AttachmentRecord, openAttachmentRecords, randomHex } from './state.ts'
import { writeSysctl } from './sysctl.ts'

/** The addresses that containers may get: `first` to `last`, both included. */
export interface AddressRange {
  /** The network's name, for a caller that has several networks. */
  readonly network: string
  readonly subnet: string
  readonly gateway: string
  readonly first: string
  readonly last: string
}

/** Chooses an address that no other container of the network has. It should not reuse a recent address soon. */
export type AllocateAddress = (range: AddressRange) => string | Promise<string>

export interface BridgeAttachOptions {
  readonly containerId: string
  readonly name: string
  readonly allocate: AllocateAddress
  readonly ports: readonly PortRequest[]
  readonly signal?: AbortSignal | undefined
}

/** A container's place on the bridge. */
export interface BridgeAttachment {
  readonly netnsPath: string
  readonly ip: string
  readonly prefix: number
  readonly gateway: string
  readonly mac: string
  readonly ports: readonly PublishedPort[]
}

/** The containers on one bridge. The state is in the kernel and in small files, not in this object. */
export interface BridgeNetwork {
  attach(options: BridgeAttachOptions): Promise<BridgeAttachment>
  detach(containerId: string): void
  /** The IDs of attached containers, and of containers whose start was interrupted. */
  list(): readonly string[]
  /** Removes published ports that belong to no container. */
  dropOrphans(): void
  remove(): Promise<void>
}

export function openBridgeNetwork(
  options: BridgeOptions & { readonly namespaces: string },
): BridgeNetwork {
  const records = openAttachmentRecords(join(options.directory, 'attachments'))
  const pathOf = (containerId: string) => join(options.namespaces, containerId)

  function detach(containerId: string): void {
    removeNetworkNamespace(pathOf(containerId))
    const record = records.get(containerId)
    if (record === undefined) return
    if (record.ports.length === 0) records.remove(containerId)
    else deleteInBackground(options.table, record, records.bury(containerId))
  }

  return {
    detach,

    async attach({ containerId, name, allocate, ports: requests, signal }) {
      const bridge = await ensureBridge(options, records, signal)
      const ip = checkAddress(await allocate(rangeOf(options.name, bridge)), bridge)
      // An interrupted start has left this record.
      if (records.get(containerId) !== undefined) detach(containerId)
      const veth = `veth${randomHex(5)}`
      const record = { containerId, name, ip, veth, ports: [] }
      try {
        const ports = await publish(requests, record, signal)
        connect(pathOf(containerId), veth, { ip, bridge, hairpin: ports.length > 0 })
        const { gateway, subnet } = bridge
        const place = { netnsPath: pathOf(containerId), ip, prefix: subnet.prefix, gateway }
        return { ...place, mac: macOf(ip), ports }
      } catch (error) {
        detach(containerId)
        throw error
      }
    },

    list() {
      const ids = [...records.list().map(({ containerId }) => containerId), ...listNames()]
      return [...new Set(ids)]
    },

    dropOrphans() {
      records.dropUnfinished()
      using netfilter = openNetlink(netlinkProtocol.netfilter)
      const owners = [...records.list(), ...records.listBuried().map(({ record }) => record)]
      const isOwned = (port: PublishedPort, ip: string) =>
        owners.some(
          (record) => record.ip === ip && record.ports.some((own) => isSamePort(own, port)),
        )
      for (const { port, ip } of tryListPublished(netfilter, options.table)) {
        if (isOwned(port, ip)) continue
        deleteElements(netfilter, [encodeElement(options.table, port, ip)])
      }
      for (const { file, record } of records.listBuried()) {
        deleteInBackground(options.table, record, file)
      }
    },

    async remove() {
      const [attached] = records.list()
      if (attached !== undefined) {
        const reason = `container ${attached.name || attached.containerId} is attached to it`
        throw new StrakeError('CONFLICT', `Cannot remove network ${options.name}: ${reason}`)
      }
      await removeBridge(options)
    },
  }

  async function publish(
    requests: readonly PortRequest[],
    record: AttachmentRecord,
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishedPort[]> {
    const isNew = ({ hostIp = '' }: PortRequest): boolean => ipVersion(hostIp) === 6
    const translated = await publishIpv4(
      requests.filter((request) => !isNew(request)),
      record,
      signal,
    )
    const passedOn = chooseIpv6Ports(requests.filter(isNew))
    if (!translated.some(isWildcard) || !hasIpv6()) return [...translated, ...passedOn]
    const onBoth = translated.flatMap((port) =>
      isWildcard(port) ? [port, { ...port, hostIp: allIpv6 }] : [port],
    )
    return [...onBoth, ...passedOn]
  }

  /** Publishes ports in the kernel, which translates addresses. */
  async function publishIpv4(
    requests: readonly PortRequest[],
    record: AttachmentRecord,
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishedPort[]> {
    if (requests.length === 0) {
      records.put(record)
      return []
    }
    // Removing the ports later needs nft, so its absence is an error now.
    findNft()
    using netfilter = openNetlink(netlinkProtocol.netfilter)
    const claim = { netfilter, table: options.table, records, record, signal }
    const ports = await claimPorts(requests, claim)
    // Existing UDP flows would keep going to the port's previous container.
    const moved = ports.filter(({ protocol }) => protocol === 'udp').map(({ hostPort }) => hostPort)
    if (moved.length > 0) forgetUdpFlows(netfilter, moved)
    return ports
  }

  function listNames(): readonly string[] {
    try {
      return readdirSync(options.namespaces)
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return []
      throw error
    }
  }
}

/** Creates the network namespace, and a pair of interfaces with one end in it. */
function connect(
  path: string,
  veth: string,
  {
    ip,
    bridge,
    hairpin,
  }: { readonly ip: string; readonly bridge: Bridge; readonly hairpin: boolean },
): void {
  using host = openNetlink(netlinkProtocol.route)
  using inside = makeNamespace(path, () => {
    // New interfaces in the namespace then get no IPv6 address, not even a link-local one.
    writeSysctl('ipv6/conf/default/accept_ra', '0')
    writeSysctl('ipv6/conf/default/disable_ipv6', '1')
    return openNetlink(netlinkProtocol.route)
  })
  const namespace = openSync(path, 'r')
  try {
    createVeth(host, { name: veth, bridge: bridge.link, mac: macOf(ip), namespace })
  } finally {
    closeSync(namespace)
  }
  writeSysctl(`ipv6/conf/${veth}/disable_ipv6`, '1')
  setPortUp(host, veth, { hairpin })
  configureContainer(inside, { ip, prefix: bridge.subnet.prefix, gateway: bridge.gateway })
}

/** Replaces a namespace that an interrupted start has left. */
function makeNamespace<T>(path: string, inside: () => T): T {
  try {
    return createNetworkNamespace(path, inside)
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error
    removeNetworkNamespace(path)
    return createNetworkNamespace(path, inside)
  }
}

function deleteInBackground(table: string, { ports, ip }: AttachmentRecord, file: string): void {
  try {
    const commands = ports.map((port) => formatRemoval(table, port, ip))
    deleteElementsInBackground(commands, file)
  } catch (error) {
    if (!isStrakeError(error, 'UNSUPPORTED')) throw error
    // nft is no longer installed: call the kernel directly, which takes 10 ms.
    using netfilter = openNetlink(netlinkProtocol.netfilter)
    const elements = ports.map((port) => encodeElement(table, port, ip))
    deleteElements(netfilter, elements)
    rmSync(file, { force: true })
  }
}

function rangeOf(network: string, { subnet, gateway }: Bridge): AddressRange {
  return {
    network,
    subnet: formatSubnet(subnet),
    gateway,
    first: formatAddress(subnet.base + 2),
    last: formatAddress(lastAddress(subnet) - 1),
  }
}

function checkAddress(ip: string, bridge: Bridge): string {
  const address = parseAddress(ip)
  const { subnet, gateway } = bridge
  const usable = address !== undefined && address > subnet.base && address < lastAddress(subnet)
  if (usable && contains(subnet, address) && ip !== gateway) return ip
  throw new StrakeError(
    'INVALID',
    `Cannot give a container the address ${ip}: it is not a free one of ${formatSubnet(subnet)}`,
  )
}

function tryListPublished(
  netfilter: NetlinkSocket,
  table: string,
): ReturnType<typeof listPublished> {
  try {
    return listPublished(netfilter, table)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
