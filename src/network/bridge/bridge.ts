import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StrakeError } from '#oci'
import {
  formatAddress,
  formatSubnet,
  isSystemError,
  listRules,
  lockFile,
  lockNetwork,
  type NetlinkSocket,
  netlinkProtocol,
  openNetlink,
  overlaps,
  parseAddress,
  readPlainFile,
  runNft,
  type Subnet,
  subnetOf,
} from '#platform'
import { readContainerResolver } from '../resolv-conf.ts'
import { removeAbandoned } from './abandoned.ts'
import { acceptForwarding, isForwardingClosed, revokeForwarding } from './forward.ts'
import {
  addAddress,
  createBridge,
  deleteLink,
  getLink,
  type Link,
  listAddresses,
  listLinks,
  listRoutes,
  setAlias,
  setLinkUp,
  setMaster,
  setPortUp,
} from './link.ts'
import { formatElement, formatRuleset, ruleCount } from './ruleset.ts'
import type { AttachmentRecord, AttachmentRecords } from './state.ts'
import { chooseSubnet, requireFree, requireSubnet } from './subnet.ts'
import { readSysctl, writeSysctl } from './sysctl.ts'

/** Names of a bridge network, and where its files are. */
export interface BridgeOptions {
  /** The directory of the network's files. */
  readonly directory: string
  /** The name of the bridge's interface. */
  readonly name: string
  /** The nftables table, in the family `ip`. */
  readonly table: string
  /** The configured subnet; without one a free subnet is chosen. */
  readonly subnet?: string | undefined
  /** An address of the configured subnet. Default: its first. */
  readonly gateway?: string | undefined
  /** Bytes. Default: that of the host's default route. */
  readonly mtu?: number | undefined
  readonly isInternal?: boolean | undefined
  readonly keepsAddresses?: boolean | undefined
  /** Containers cannot reach each other. */
  readonly isIsolating?: boolean | undefined
}

/** A working bridge. */
export interface Bridge {
  readonly link: Link
  readonly gateway: string
  readonly subnet: Subnet
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
  if (listRules(netfilter, options.table).length > 0) runNft(`delete table ip ${options.table}`)
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
  const bridge = findAddress(route, link, options)
  if (bridge === undefined || readSysctl('ipv4/ip_forward') !== '1') return undefined
  if (listRules(netfilter, options.table).length !== ruleCount(options)) return undefined
  return isForwardingClosed(netfilter, options.name) ? undefined : bridge
}

function restore(kernel: Kernel, options: BridgeOptions, records: AttachmentRecords): Bridge {
  const attached = records.list()
  if (findLink(kernel.route, options.name) === undefined) removeAbandoned(kernel)
  const bridge = restoreLink(kernel.route, options, attached.length > 0)
  writeSysctl('ipv4/ip_forward', '1')
  if (listRules(kernel.netfilter, options.table).length !== ruleCount(options)) {
    const elements = new Map<string, string>()
    for (const { ip, ports } of attached) {
      for (const port of ports) {
        elements.set(`${port.hostIp} ${port.protocol} ${port.hostPort}`, formatElement(port, ip))
      }
    }
    const { table, name, isInternal, keepsAddresses } = options
    const rules = { table, bridge: name, subnet: bridge.subnet, isInternal, keepsAddresses }
    runNft(formatRuleset(rules, [...elements.values()]))
  }
  for (const record of attached) {
    reconnect(kernel.route, record, { bridge: bridge.link, isolated: options.isIsolating })
  }
  acceptForwarding(kernel.netfilter, options.name)
  return bridge
}

function restoreLink(route: NetlinkSocket, options: BridgeOptions, inUse: boolean): Bridge {
  const { name } = options
  const existing = findLink(route, name)
  const addressed = existing && findAddress(route, existing, options)
  const subnet = addressed?.subnet ?? pickSubnet(route, options, inUse)
  const gateway = options.gateway ?? formatAddress(subnet.base + 1)
  if (existing === undefined) {
    createBridge(route, { name, ip: gateway, mtu: options.mtu ?? uplinkMtu(route) })
    // The alias shows whether the store of the bridge still exists.
    setAlias(route, name, options.directory)
    // Replies of ports that are published on loopback arrive at the bridge. `guard` drops all other
    // such packets.
    writeSysctl(`ipv4/conf/${name}/route_localnet`, '1')
    writeSysctl(`ipv6/conf/${name}/disable_ipv6`, '1')
  }
  const link = getLink(route, name)
  if (addressed === undefined) addAddress(route, link, { ip: gateway, prefix: subnet.prefix })
  setLinkUp(route, name)
  writeFileSync(subnetFile(options), formatSubnet(subnet), { mode: 0o600 })
  return { link, gateway, subnet }
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

function findAddress(route: NetlinkSocket, link: Link, options: BridgeOptions): Bridge | undefined {
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
  return { link, gateway: found.ip, subnet }
}

function reconnect(
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
