import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { StrakeError } from '#oci'
import {
  contains,
  contains6,
  formatSubnet,
  formatSubnet6,
  ipBytes,
  isSystemError,
  lastAddress,
  macOf,
  netlinkProtocol,
  openNetlink,
  parseAddress,
  parseIpv6,
  removeNetworkNamespace,
} from '#platform'
import type { EndpointOptions } from '../endpoint.ts'
import type { PortRequest, PublishedPort } from '../port.ts'
import { type Bridge, type BridgeOptions, ensureBridge, reconnect, removeBridge } from './bridge.ts'
import { connect, removeInterface } from './connect.ts'
import { openBridgePorts } from './ports/bridge-ports.ts'
import {
  type AttachmentRecord,
  type NetworkLink,
  openAttachmentRecords,
  randomHex,
} from './state.ts'

/** The addresses that containers of a network may get. The gateways are of the subnets. */
export interface AddressRange {
  /** The network's name, for a caller that has several networks. */
  readonly network: string
  /** Absent for a network without IPv4. */
  readonly ipv4?: { readonly subnet: string; readonly gateway: string } | undefined
  readonly ipv6?: { readonly subnet: string; readonly gateway: string } | undefined
}

/** The addresses of a container: one of each family that the network has. */
export interface Addresses {
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
}

/** Chooses addresses that no other container of the network has. It should not reuse a recent address soon. */
export type AllocateAddress = (range: AddressRange) => Addresses | Promise<Addresses>

export interface BridgeAttachOptions {
  readonly containerId: string
  readonly name: string
  readonly aliases?: readonly string[] | undefined
  readonly links?: readonly NetworkLink[] | undefined
  readonly endpoint?: EndpointOptions | undefined
  /** Default: derived from the address. */
  readonly mac?: string | undefined
  /** The container has a network namespace, and gets one more interface. */
  readonly isMore?: boolean | undefined
  /** The default route of IPv4 goes through this network. */
  readonly isDefault: boolean
  readonly isIpv6Default?: boolean | undefined
  readonly allocate: AllocateAddress
  readonly ports: readonly PortRequest[]
  readonly signal?: AbortSignal | undefined
}

/** A container's place on the bridge. */
export interface BridgeAttachment extends Place {
  readonly netnsPath: string
  readonly ports: readonly PublishedPort[]
}

/** The interface of a container on a network. */
export interface Place {
  /** Absent on a network without IPv4. */
  readonly ip?: string | undefined
  readonly prefix?: number | undefined
  readonly gateway?: string | undefined
  readonly ipv6?: Ipv6Place | undefined
  readonly mac: string
  /** The name of the interface in the container. */
  readonly device: string
  /** A process passes its published ports on, and the kernel translates none. */
  readonly proxiesPorts?: boolean | undefined
}

export interface Ipv6Place {
  readonly ip: string
  readonly prefix: number
  readonly gateway: string
}

/** The containers on one bridge. The state is in the kernel and in small files, not in this object. */
export interface BridgeNetwork {
  attach(options: BridgeAttachOptions): Promise<BridgeAttachment>
  /**
   * Publishes more ports of an attached container, all or none, and then ends others. Established
   * connections stay. Returns the new ports. Throws like `attach`.
   */
  changePorts(
    containerId: string,
    change: { readonly add: readonly PortRequest[]; readonly remove: readonly PublishedPort[] },
    signal?: AbortSignal,
  ): Promise<readonly PublishedPort[]>
  /** Removes the container's ports and record. Its interface ends with its namespace. */
  detach(containerId: string): void
  /** Like `detach`, and removes the interface at once. Does nothing when it is not attached. */
  disconnect(containerId: string): void
  /** Changes the container's name in its record. Does nothing when it is not attached. */
  rename(containerId: string, name: string): void
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
  const published = openBridgePorts({ ...options, records })
  const pathOf = (containerId: string) => join(options.namespaces, containerId)

  function detach(containerId: string): void {
    const record = records.get(containerId)
    if (record !== undefined) published.removeAll(record)
  }

  return {
    detach,

    disconnect(containerId) {
      const record = records.get(containerId)
      if (record === undefined) return
      removeInterface(pathOf(containerId), record)
      detach(containerId)
    },

    rename(containerId, name) {
      const record = records.get(containerId)
      if (record !== undefined) records.put({ ...record, name })
    },

    async attach({ containerId, name, aliases = [], allocate, ports: requests, signal, ...rest }) {
      const bridge = await ensureBridge(options, records, signal)
      const { ip, ip6 } = checkAddresses(await allocate(rangeOf(labelOf(options), bridge)), bridge)
      const path = pathOf(containerId)
      // An interrupted start has left this record.
      if (records.get(containerId) !== undefined) detach(containerId)
      const veth = `veth${randomHex(5)}`
      const network = labelOf(options)
      const isInternal = options.isInternal === true
      const { links = [] } = rest
      const { proxiesPorts } = options
      const names = { name, aliases, links }
      const place = { network, isInternal, ip, ip6, veth, proxiesPorts }
      const addresses = { ip, ip6 }
      const record = { containerId, ...names, ...place, ports: [] }
      const mac = rest.mac ?? macOf(ipBytes(ip ?? ip6 ?? ''))
      try {
        const ports = await published.publish(requests, record, signal)
        const { isIsolating: isolated } = options
        const link = { ...addresses, mac, bridge, isolated, hairpin: ports.length > 0 }
        const device = connect(path, veth, {
          ...link,
          isMore: rest.isMore,
          endpoint: rest.endpoint,
          isDefault: rest.isDefault,
          isIpv6Default: rest.isIpv6Default,
        })
        const { ipv4, ipv6 } = bridge
        const place = {
          ip,
          prefix: ipv4?.subnet.prefix,
          gateway: ipv4?.gateway,
          mac,
          device,
          proxiesPorts,
        }
        const six =
          ipv6 === undefined || ip6 === undefined
            ? undefined
            : { ip: ip6, prefix: ipv6.subnet.prefix, gateway: ipv6.gateway }
        return { netnsPath: path, ...place, ipv6: six, ports }
      } catch (error) {
        if (rest.isMore) removeInterface(path, { veth })
        else removeNetworkNamespace(path)
        detach(containerId)
        throw error
      }
    },

    async changePorts(containerId, { add, remove }, signal) {
      const added = add.length === 0 ? [] : await addPorts(containerId, add, signal)
      if (remove.length > 0) published.end(getRecord(containerId), remove)
      return added
    },

    list() {
      const ids = [...records.list().map(({ containerId }) => containerId), ...listNames()]
      return [...new Set(ids)]
    },

    dropOrphans() {
      records.dropUnfinished()
      published.dropOrphans()
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

  async function addPorts(
    containerId: string,
    requests: readonly PortRequest[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishedPort[]> {
    const { link } = await ensureBridge(options, records, signal)
    const record = getRecord(containerId)
    const ports = await published.publish(requests, record, signal)
    using route = openNetlink(netlinkProtocol.route)
    reconnect(route, { ...record, ports }, { bridge: link, isolated: options.isIsolating })
    return ports
  }

  function getRecord(containerId: string): AttachmentRecord {
    const record = records.get(containerId)
    if (record !== undefined) return record
    const message = `Cannot change the ports of ${containerId}: it is not on network ${labelOf(options)}`
    throw new StrakeError('CONFLICT', message)
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

function rangeOf(network: string, { ipv4, ipv6 }: Bridge): AddressRange {
  return {
    network,
    ipv4: ipv4 && { subnet: formatSubnet(ipv4.subnet), gateway: ipv4.gateway },
    ipv6: ipv6 && { subnet: formatSubnet6(ipv6.subnet), gateway: ipv6.gateway },
  }
}

function checkAddresses({ ip, ip6 }: Addresses, { ipv4, ipv6 }: Bridge): Addresses {
  if (ipv4 !== undefined) {
    const { subnet, gateway } = ipv4
    const address = parseAddress(ip ?? '')
    const usable = address !== undefined && address > subnet.base && address < lastAddress(subnet)
    if (!usable || !contains(subnet, address) || ip === gateway) {
      throw unusable(ip, formatSubnet(subnet))
    }
  }
  if (ipv6 !== undefined) {
    const { subnet, gateway } = ipv6
    const address = parseIpv6(ip6 ?? '')
    const usable = address !== undefined && address > subnet.base && contains6(subnet, address)
    if (!usable || ip6 === gateway) throw unusable(ip6, formatSubnet6(subnet))
  }
  return { ...(ipv4 && { ip }), ...(ipv6 && { ip6 }) }
}

function unusable(ip: string | undefined, subnet: string): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot give a container the address ${ip}: it is not a free one of ${subnet}`,
  )
}
