import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  formatSubnet,
  formatSubnet6,
  ipBytes,
  isSystemError,
  listRules,
  lockFile,
  lockNetwork,
  macOf,
  type NetlinkSocket,
  type NftFamily,
  netlinkProtocol,
  openNetlink,
  runNft,
} from '#platform'
import { removeAbandoned, removeTables } from './abandoned.ts'
import { addAddress, hasIpv6Address, listRoutes } from './address.ts'
import {
  type AddressOptions,
  type BridgeAddresses,
  chooseIpv4,
  findAddresses,
  forgetSubnet,
  keepSubnet,
} from './bridge-addresses.ts'
import { acceptForwarding, isForwardingClosed, revokeForwarding } from './forward.ts'
import {
  createBridge,
  deleteLink,
  getLink,
  type Link,
  listLinks,
  setAlias,
  setLinkUp,
  setMaster,
  setPortUp,
} from './link.ts'
import { elementsOf, formatElement, formatRuleset, portFamily, ruleCount } from './ruleset.ts'
import type { AttachmentRecord, AttachmentRecords } from './state.ts'
import { requireSubnet6 } from './subnet.ts'
import { isForwarding, startForwarding, writeSysctl } from './sysctl.ts'

/** Names of a bridge network, its addresses, and where its files are. */
export interface BridgeOptions extends AddressOptions {
  /** The nftables table, in the families `ip` and `ip6`. */
  readonly table: string
  /** Bytes. Default: that of the host's default route. */
  readonly mtu?: number | undefined
  readonly isInternal?: boolean | undefined
  readonly keepsAddresses?: boolean | undefined
  /** Like `keepsAddresses`, for IPv6. */
  readonly keepsIpv6Addresses?: boolean | undefined
  /** Containers cannot reach each other. */
  readonly isIsolating?: boolean | undefined
  /** A process passes published ports on, so that the firewall of the host applies to them. */
  readonly proxiesPorts?: boolean | undefined
}

/** A working bridge. */
export interface Bridge extends BridgeAddresses {
  readonly link: Link
}

/** Netlink sockets of the host's network namespace. */
interface Kernel {
  readonly route: NetlinkSocket
  readonly netfilter: NetlinkSocket
}

/**
 * Returns the bridge with its address, its rules, and rules in other programs' forward chains.
 * Creates them at the first use. When another program has removed a part, restores it together with
 * the links and published ports of running containers. Usually it writes nothing. It changes other
 * tables only through `acceptForwarding`.
 */
export async function ensureBridge(
  options: BridgeOptions,
  records: AttachmentRecords,
  signal?: AbortSignal,
): Promise<Bridge> {
  using route = openNetlink(netlinkProtocol.route)
  using netfilter = openNetlink(netlinkProtocol.netfilter)
  const kernel = { route, netfilter }
  const intact = findIntact(kernel, options)
  if (intact !== undefined) return intact
  using _lock = await lockBridge(options, signal)
  using _network = await lockNetwork({ signal })
  return findIntact(kernel, options) ?? restore(kernel, options, records)
}

/** Removes the bridge, its table and its rules in other tables. No container may be attached. */
export async function removeBridge(options: BridgeOptions): Promise<void> {
  using route = openNetlink(netlinkProtocol.route)
  using netfilter = openNetlink(netlinkProtocol.netfilter)
  using _lock = await lockBridge(options)
  using _network = await lockNetwork()
  if (findLink(route, options.name) !== undefined) {
    revokeForwarding(netfilter, options.name)
    deleteLink(route, options.name)
  }
  removeTables(netfilter, options.table)
  forgetSubnet(options)
}

/** Returns the name of the bridge whose files are in this directory. */
export function findBridge(directory: string): string | undefined {
  using route = openNetlink(netlinkProtocol.route)
  return listLinks(route).find(({ alias }) => alias === directory)?.name
}

function lockBridge(options: BridgeOptions, signal?: AbortSignal): Promise<Disposable> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  return lockFile(join(options.directory, 'lock'), { signal })
}

function findIntact({ route, netfilter }: Kernel, options: BridgeOptions): Bridge | undefined {
  const link = findLink(route, options.name)
  if (link === undefined || !link.up) return undefined
  const addresses = findAddresses(route, link, options)
  const families = familiesOf(options)
  if (addresses === undefined || !families.every(isForwarding)) return undefined
  if (!families.every((family) => hasRules(netfilter, options, family))) return undefined
  if (isForwardingClosed(netfilter, options.name, families)) return undefined
  return { link, ...addresses }
}

/** The families of addresses that the containers of a network have. */
function familiesOf({ ipv6, lacksIpv4 }: BridgeOptions): readonly NftFamily[] {
  return [...(lacksIpv4 ? [] : (['ip'] as const)), ...(ipv6 ? (['ip6'] as const) : [])]
}

function hasRules(netfilter: NetlinkSocket, options: BridgeOptions, family: NftFamily): boolean {
  return listRules(netfilter, options.table, { family }).length === ruleCount(options, family)
}

function restore(kernel: Kernel, options: BridgeOptions, records: AttachmentRecords): Bridge {
  const attached = records.list()
  if (findLink(kernel.route, options.name) === undefined) removeAbandoned(kernel)
  const bridge = restoreLink(kernel.route, options, attached.length > 0)
  const families = familiesOf(options)
  for (const family of families) {
    startForwarding(family)
    if (hasRules(kernel.netfilter, options, family)) continue
    const elements = new Map<string, string>()
    for (const { port, ip } of attached.flatMap(elementsOf)) {
      if (portFamily(port) !== family) continue
      elements.set(`${port.hostIp} ${port.protocol} ${port.hostPort}`, formatElement(port, ip))
    }
    const { table, name: bridgeName } = options
    const rules = {
      ...options,
      table,
      bridge: bridgeName,
      family,
      subnet: subnetText(bridge, family),
    }
    runNft(formatRuleset(rules, [...elements.values()]))
  }
  for (const record of attached) {
    reconnect(kernel.route, record, { bridge: bridge.link, isolated: options.isIsolating })
  }
  acceptForwarding(kernel.netfilter, options.name, families)
  return bridge
}

function subnetText({ ipv4, ipv6 }: Bridge, family: NftFamily): string {
  if (family === 'ip') return ipv4 === undefined ? '' : formatSubnet(ipv4.subnet)
  return ipv6 === undefined ? '' : formatSubnet6(ipv6.subnet)
}

function restoreLink(route: NetlinkSocket, options: BridgeOptions, inUse: boolean): Bridge {
  const { name, lacksIpv4, ipv6 } = options
  const existing = findLink(route, name)
  const ipv4 = lacksIpv4 ? undefined : chooseIpv4(route, existing, options, inUse)
  if (existing === undefined) {
    const mac = macOf(ipBytes(ipv4?.gateway ?? ipv6?.gateway ?? ''))
    createBridge(route, { name, mac, mtu: options.mtu ?? uplinkMtu(route) })
    // The alias shows whether the store of the bridge still exists.
    setAlias(route, name, options.directory)
    // Replies of ports that are published on loopback arrive at the bridge. `guard` drops all other
    // such packets.
    writeSysctl(`ipv4/conf/${name}/route_localnet`, '1')
  }
  writeSysctl(`ipv6/conf/${name}/accept_ra`, '0')
  // Otherwise the kernel waits two seconds before it asks for the hardware addresses of containers.
  writeSysctl(`ipv6/conf/${name}/accept_dad`, '0')
  writeSysctl(`ipv6/conf/${name}/disable_ipv6`, ipv6 === undefined ? '1' : '0')
  const link = getLink(route, name)
  if (ipv4 !== undefined && !ipv4.isThere) {
    addAddress(route, link.index, { ip: ipv4.gateway, prefix: ipv4.subnet.prefix })
  }
  const six = ipv6 && { gateway: ipv6.gateway, subnet: requireSubnet6(ipv6.subnet) }
  if (six !== undefined && !hasIpv6Address(route, link.index, six.gateway)) {
    addAddress(route, link.index, { ip: six.gateway, prefix: six.subnet.prefix })
  }
  setLinkUp(route, name)
  if (ipv4 !== undefined) keepSubnet(options, ipv4.subnet)
  return { link, ipv4, ipv6: six }
}

/** Returns the MTU of the host's default route, at most that of Ethernet. */
function uplinkMtu(route: NetlinkSocket): number {
  const uplink = listRoutes(route).find(({ subnet }) => subnet.prefix === 0)?.index
  const mtu = listLinks(route).find(({ index }) => index === uplink)?.mtu ?? 1500
  return Math.max(576, Math.min(1500, mtu))
}

function findLink(route: NetlinkSocket, name: string): Link | undefined {
  try {
    return getLink(route, name)
  } catch (error) {
    if (isSystemError(error, 'ENODEV')) return undefined
    throw error
  }
}

/** Puts the interface of a container on the bridge, if it still exists. */
export function reconnect(
  route: NetlinkSocket,
  { veth, ports }: AttachmentRecord,
  { bridge, isolated }: { readonly bridge: Link; readonly isolated: boolean | undefined },
): void {
  try {
    setMaster(route, veth, bridge)
    setPortUp(route, veth, { hairpin: ports.length > 0, isolated })
  } catch (error) {
    // The container ended, and the kernel removed its interfaces.
    if (!isSystemError(error, 'ENODEV')) throw error
  }
}
