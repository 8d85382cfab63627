import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isStrakeError, StrakeError } from '#oci'
import {
  contains,
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
import { connect, removeInterface } from './connect.ts'
import { encodeElement, formatRemoval, isWildcard } from './ruleset.ts'
import { type AttachmentRecord, openAttachmentRecords, randomHex } from './state.ts'

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
  readonly aliases?: readonly string[] | undefined
  /** Default: derived from the address. */
  readonly mac?: string | undefined
  /** The container has a network namespace, and gets one more interface. */
  readonly isMore?: boolean | undefined
  /** The default route goes through this network. */
  readonly isDefault: boolean
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
  /** The name of its interface in the container. */
  readonly device: string
  readonly ports: readonly PublishedPort[]
}

/** The containers on one bridge. The state is in the kernel and in small files, not in this object. */
export interface BridgeNetwork {
  attach(options: BridgeAttachOptions): Promise<BridgeAttachment>
  /** Removes the container's ports and record. Its interface ends with its namespace. */
  detach(containerId: string): void
  /** Like `detach`, and removes the interface at once. Does nothing when it is not attached. */
  disconnect(containerId: string): void
  /** The IDs of attached containers, and of containers whose start was interrupted. */
  list(): readonly string[]
  /** Removes published ports that belong to no container. */
  dropOrphans(): void
  remove(): Promise<void>
}

export interface BridgeNetworkOptions extends BridgeOptions {
  /** The directory of the containers' network namespaces. */
  readonly namespaces: string
  /** What error messages and addresses call the network. Default: the name of its interface. */
  readonly label?: string | undefined
}

export function openBridgeNetwork(options: BridgeNetworkOptions): BridgeNetwork {
  const records = openAttachmentRecords(join(options.directory, 'attachments'))
  const pathOf = (containerId: string) => join(options.namespaces, containerId)

  function detach(containerId: string): void {
    const record = records.get(containerId)
    if (record === undefined) return
    if (record.ports.length === 0) records.remove(containerId)
    else deleteInBackground(options.table, record, records.bury(containerId))
  }

  return {
    detach,

    disconnect(containerId) {
      const record = records.get(containerId)
      if (record === undefined) return
      removeInterface(record.veth)
      detach(containerId)
    },

    async attach({ containerId, name, aliases = [], allocate, ports: requests, signal, ...rest }) {
      const bridge = await ensureBridge(options, records, signal)
      const ip = checkAddress(await allocate(rangeOf(labelOf(options), bridge)), bridge)
      const path = pathOf(containerId)
      // An interrupted start has left this record.
      if (records.get(containerId) !== undefined) detach(containerId)
      const veth = `veth${randomHex(5)}`
      const network = labelOf(options)
      const isInternal = options.isInternal === true
      const record = { containerId, name, network, isInternal, aliases, ip, veth, ports: [] }
      const mac = rest.mac ?? macOf(ip)
      try {
        const ports = await publish(requests, record, signal)
        const { isIsolating: isolated } = options
        const link = { ip, mac, bridge, isolated, hairpin: ports.length > 0 }
        const device = connect(path, veth, {
          ...link,
          isMore: rest.isMore,
          isDefault: rest.isDefault,
        })
        const { gateway, subnet } = bridge
        return { netnsPath: path, ip, prefix: subnet.prefix, gateway, mac, device, ports }
      } catch (error) {
        if (rest.isMore) removeInterface(veth)
        else removeNetworkNamespace(path)
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
        throw new StrakeError('CONFLICT', `Cannot remove network ${labelOf(options)}: ${reason}`)
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

function labelOf({ label, name }: BridgeNetworkOptions): string {
  return label ?? name
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
