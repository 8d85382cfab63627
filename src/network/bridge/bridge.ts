import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StrakeError } from '#oci'
import {
  formatAddress,
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
  overlaps,
  parseAddress,
  readPlainFile,
  runNft,
  type Subnet,
  type Subnet6,
  subnetOf,
} from '#platform'
import { readContainerResolver } from '../resolv-conf.ts'
import { removeAbandoned, removeTables } from './abandoned.ts'
import { addAddress, hasIpv6Address, listAddresses, listRoutes } from './address.ts'
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
import { chooseSubnet, requireFree, requireSubnet, requireSubnet6 } from './subnet.ts'
import { isForwarding, startForwarding, writeSysctl } from './sysctl.ts'

/** Names of a bridge network, and where its files are. */
export interface BridgeOptions {
  /** The directory of the network's files. */
  readonly directory: string
  /** The name of the bridge's interface. */
  readonly name: string
  /** The nftables table, in the families `ip` and `ip6`. */
  readonly table: string
  /** The configured IPv4 subnet; without one a free subnet is chosen. */
  readonly subnet?: string | undefined
  /** An address of the configured subnet. Default: its first. */
  readonly gateway?: string | undefined
  /** The IPv6 addresses. Without them, containers have no IPv6. */
  readonly ipv6?: { readonly subnet: string; readonly gateway: string } | undefined
  /** Containers have IPv6 addresses alone. */
  readonly lacksIpv4?: boolean | undefined
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
export interface Bridge {
  readonly link: Link
  /** Absent for a network without IPv4. */
  readonly ipv4?: { readonly gateway: string; readonly subnet: Subnet } | undefined
  readonly ipv6?: { readonly gateway: string; readonly subnet: Subnet6 } | undefined
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
  rmSync(subnetFile(options), { force: true })
}

/** Returns the name of the bridge whose files are in this directory. */
export function findBridge(directory: string): string | undefined {
  using route = openNetlink(netlinkProtocol.route)
  return listLinks(route).find(({ alias }) => alias === directory)?.name
}

/** Returns the subnet that the bridge with this directory had last. */
export function readSubnet(options: Pick<BridgeOptions, 'directory'>): Subnet | undefined {
  const text = readPlainFile(subnetFile(options))
  try {
    return text === undefined ? undefined : requireSubnet(text)
  } catch (error) {
    if (error instanceof StrakeError) return undefined
    throw error
  }
}

function lockBridge(options: BridgeOptions, signal?: AbortSignal): Promise<Disposable> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  return lockFile(join(options.directory, 'lock'), { signal })
}

function findIntact({ route, netfilter }: Kernel, options: BridgeOptions): Bridge | undefined {
  const link = findLink(route, options.name)
  if (link === undefined || !link.up) return undefined
  const bridge = findAddresses(route, link, options)
  const families = familiesOf(options)
  if (bridge === undefined || !families.every(isForwarding)) return undefined
  if (!families.every((family) => hasRules(netfilter, options, family))) return undefined
  return isForwardingClosed(netfilter, options.name, families) ? undefined : bridge
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
  if (ipv4 !== undefined) {
    writeFileSync(subnetFile(options), formatSubnet(ipv4.subnet), { mode: 0o600 })
  }
  return { link, ipv4, ipv6: six }
}

/** Returns the IPv4 addresses of the bridge: those that it has, else those that it gets. */
function chooseIpv4(
  route: NetlinkSocket,
  existing: Link | undefined,
  options: BridgeOptions,
  inUse: boolean,
): NonNullable<Bridge['ipv4']> & { readonly isThere: boolean } {
  const found = existing && findIpv4(route, existing, options)
  if (found !== undefined) return { ...found, isThere: true }
  const subnet = pickSubnet(route, options, inUse)
  const gateway = options.gateway ?? formatAddress(subnet.base + 1)
  return { subnet, gateway, isThere: false }
}

/** Returns the configured subnet, else the previous one of this network, else a free one. */
function pickSubnet(route: NetlinkSocket, options: BridgeOptions, inUse: boolean): Subnet {
  const routes = listRoutes(route).map(({ subnet }) => subnet)
  if (options.subnet !== undefined) {
    const wanted = requireSubnet(options.subnet)
    requireFree(wanted, routes)
    return wanted
  }
  const before = readSubnet(options)
  const isFree = (subnet: Subnet) =>
    !routes.some((other) => other.prefix > 0 && overlaps(other, subnet))
  if (before !== undefined && (inUse || isFree(before))) return before
  return chooseSubnet(routes, readContainerResolver().nameservers)
}

function subnetFile(options: Pick<BridgeOptions, 'directory'>): string {
  return join(options.directory, 'subnet')
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

/** Returns the bridge with its addresses; `undefined` when one is missing. */
function findAddresses(
  route: NetlinkSocket,
  link: Link,
  options: BridgeOptions,
): Bridge | undefined {
  const { ipv6, lacksIpv4 } = options
  const ipv4 = lacksIpv4 ? undefined : findIpv4(route, link, options)
  if (ipv4 === undefined && !lacksIpv4) return undefined
  if (ipv6 === undefined) return { link, ipv4 }
  if (!hasIpv6Address(route, link.index, ipv6.gateway)) return undefined
  return { link, ipv4, ipv6: { gateway: ipv6.gateway, subnet: requireSubnet6(ipv6.subnet) } }
}

function findIpv4(
  route: NetlinkSocket,
  link: Link,
  options: BridgeOptions,
): Bridge['ipv4'] | undefined {
  const found = listAddresses(route).find(({ index }) => index === link.index)
  const address = parseAddress(found?.ip ?? '')
  if (found === undefined || address === undefined) return undefined
  const subnet = subnetOf(address, found.prefix)
  if (options.subnet !== undefined && formatSubnet(subnet) !== options.subnet) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot use the subnet ${options.subnet}: the network ${options.name} has ${formatSubnet(subnet)}`,
      { remedy: 'stop its containers and remove the network first' },
    )
  }
  return { gateway: found.ip, subnet }
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
