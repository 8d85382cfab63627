import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StrakeError } from '#oci'
import {
  formatAddress,
  formatSubnet,
  type NetlinkSocket,
  overlaps,
  parseAddress,
  readPlainFile,
  type Subnet,
  type Subnet6,
  subnetOf,
} from '#platform'
import { readContainerResolver } from '../resolv-conf.ts'
import { hasIpv6Address, listAddresses, listRoutes } from './address.ts'
import type { Link } from './link.ts'
import { chooseSubnet, requireFree, requireSubnet, requireSubnet6 } from './subnet.ts'

/** The configured addresses of a bridge network. */
export interface AddressOptions {
  /** The directory of the network's files. */
  readonly directory: string
  /** The name of the bridge's interface. */
  readonly name: string
  /** The configured IPv4 subnet; without one a free subnet is chosen. */
  readonly subnet?: string | undefined
  /** An address of the configured subnet. Default: its first. */
  readonly gateway?: string | undefined
  /** The IPv6 addresses. Without them, containers have no IPv6. */
  readonly ipv6?: { readonly subnet: string; readonly gateway: string } | undefined
  /** Containers have IPv6 addresses alone. */
  readonly lacksIpv4?: boolean | undefined
}

export interface Ipv4Addresses {
  readonly gateway: string
  readonly subnet: Subnet
}

/** The addresses of a working bridge. */
export interface BridgeAddresses {
  /** Absent for a network without IPv4. */
  readonly ipv4?: Ipv4Addresses | undefined
  readonly ipv6?: { readonly gateway: string; readonly subnet: Subnet6 } | undefined
}

/** Returns the subnet that the bridge with this directory had last. */
export function readSubnet(options: Pick<AddressOptions, 'directory'>): Subnet | undefined {
  const text = readPlainFile(subnetFile(options))
  try {
    return text === undefined ? undefined : requireSubnet(text)
  } catch (error) {
    if (error instanceof StrakeError) return undefined
    throw error
  }
}

/** Returns the IPv4 addresses of the bridge: those that it has, else those that it gets. */
export function chooseIpv4(
  route: NetlinkSocket,
  existing: Link | undefined,
  options: AddressOptions,
  inUse: boolean,
): Ipv4Addresses & { readonly isThere: boolean } {
  const found = existing && findIpv4(route, existing, options)
  if (found !== undefined) return { ...found, isThere: true }
  const subnet = pickSubnet(route, options, inUse)
  const gateway = options.gateway ?? formatAddress(subnet.base + 1)
  return { subnet, gateway, isThere: false }
}

/** Returns the configured subnet, else the previous one of this network, else a free one. */
function pickSubnet(route: NetlinkSocket, options: AddressOptions, inUse: boolean): Subnet {
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

/** Keeps the subnet, which the network gets again after a reboot of the machine. */
export function keepSubnet(options: Pick<AddressOptions, 'directory'>, subnet: Subnet): void {
  writeFileSync(subnetFile(options), formatSubnet(subnet), { mode: 0o600 })
}

export function forgetSubnet(options: Pick<AddressOptions, 'directory'>): void {
  rmSync(subnetFile(options), { force: true })
}

function subnetFile(options: Pick<AddressOptions, 'directory'>): string {
  return join(options.directory, 'subnet')
}

/** Returns the addresses that a bridge has; `undefined` when one is missing. */
export function findAddresses(
  route: NetlinkSocket,
  link: Link,
  options: AddressOptions,
): BridgeAddresses | undefined {
  const { ipv6, lacksIpv4 } = options
  const ipv4 = lacksIpv4 ? undefined : findIpv4(route, link, options)
  if (ipv4 === undefined && !lacksIpv4) return undefined
  if (ipv6 === undefined) return { ipv4 }
  if (!hasIpv6Address(route, link.index, ipv6.gateway)) return undefined
  return { ipv4, ipv6: { gateway: ipv6.gateway, subnet: requireSubnet6(ipv6.subnet) } }
}

function findIpv4(
  route: NetlinkSocket,
  link: Link,
  options: AddressOptions,
): Ipv4Addresses | undefined {
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
