import { StrakeError } from '#oci'
import {
  contains,
  formatAddress,
  formatSubnet,
  lastAddress,
  netlinkProtocol,
  openNetlink,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
} from '#platform'
import { listRoutes } from './bridge/address.ts'
import { readSubnet } from './bridge/bridge-addresses.ts'
import { chooseSubnet, chooseUserSubnet, requireFree, requireSubnet } from './bridge/subnet.ts'
import { readContainerResolver } from './resolv-conf.ts'
import { outside, type TakenSubnet, taken as takenError } from './subnet-errors.ts'
import { chooseIpv6Block } from './subnets6.ts'
import type { AddressBlock, BlockRequest } from './user-network.ts'

export interface AddressesRequest {
  /** `false` for a network without IPv4. */
  readonly ipv4?: BlockRequest | false | undefined
  /** Absent for a network without IPv6. */
  readonly ipv6?: BlockRequest | undefined
  /** Addresses of both families that other machines have, by their names. */
  readonly auxiliary?: Readonly<Record<string, string>> | undefined
  /** The subnet is that of other machines, so this host may have a route to it. */
  readonly isShared?: boolean | undefined
}

/**
 * Returns the addresses of a new network. They overlap no route of this host and none of `taken`,
 * the subnets of other networks. Throws `CONFLICT` and `INVALID`.
 */
export function chooseAddresses(
  request: AddressesRequest,
  taken: readonly TakenSubnet[],
): { readonly ipv4?: AddressBlock | undefined; readonly ipv6?: AddressBlock | undefined } {
  const { ipv4 = {}, ipv6, auxiliary = {}, isShared = false } = request
  if (ipv4 === false && ipv6 === undefined) {
    throw new StrakeError('INVALID', 'Cannot create a network without IPv4 and without IPv6', {
      remedy: 'add --ipv6, or leave out --ipv4=false',
    })
  }
  using route = openNetlink(netlinkProtocol.route)
  const others = { auxiliary, taken, isShared, route }
  const isNew = (text: string): boolean => text.includes(':')
  const addresses = Object.values(auxiliary)
  const lost = addresses.find((text) => (isNew(text) ? ipv6 === undefined : ipv4 === false))
  if (lost !== undefined) throw outside(`address ${lost}`, 'a family that the network has')
  return {
    ipv4:
      ipv4 === false
        ? undefined
        : chooseIpv4Block(
            ipv4,
            addresses.filter((text) => !isNew(text)),
            others,
          ),
    ipv6: ipv6 && chooseIpv6Block(ipv6, addresses.filter(isNew), others),
  }
}

/** Returns the subnet of the default network; before its first use, the one that it would get now. */
export function foreseeDefaultSubnet(run: string): AddressBlock {
  const known = readDefaultSubnet(run)
  if (known !== undefined) return known
  using route = openNetlink(netlinkProtocol.route)
  const routes = listRoutes(route).map(({ subnet }) => subnet)
  const subnet = chooseSubnet(routes, readContainerResolver().nameservers)
  return { subnet: formatSubnet(subnet), gateway: formatAddress(subnet.base + 1) }
}

/** Returns the subnet of the default network, once a container has used it. */
export function readDefaultSubnet(run: string): AddressBlock | undefined {
  const subnet = readSubnet({ directory: `${run}/network` })
  if (subnet === undefined) return undefined
  return { subnet: formatSubnet(subnet), gateway: formatAddress(subnet.base + 1) }
}

type Others = Parameters<typeof chooseIpv6Block>[2]

function chooseIpv4Block(
  request: BlockRequest,
  auxiliary: readonly string[],
  { taken, isShared, route }: Others,
): AddressBlock {
  const routes = listRoutes(route).map(({ subnet }) => subnet)
  const subnet =
    request.subnet === undefined
      ? chooseFree(request, routes, taken)
      : requireUntaken(requireSubnet(request.subnet), isShared ? [] : routes, taken)
  checkParts(request, auxiliary, subnet)
  const gateway = request.gateway ?? formatAddress(firstFree(subnet, request, auxiliary))
  return { subnet: formatSubnet(subnet), gateway }
}

function chooseFree(
  { gateway, ipRange }: BlockRequest,
  routes: readonly Subnet[],
  taken: readonly TakenSubnet[],
): Subnet {
  const part = gateway === undefined ? ipRange : gateway
  if (part !== undefined) {
    throw new StrakeError('INVALID', `Cannot use ${part}: the subnet is not given`, {
      remedy: 'add --subnet',
    })
  }
  const used = taken.flatMap(({ subnet }) => parseSubnet(subnet) ?? [])
  return chooseUserSubnet([...routes, ...used], readContainerResolver().nameservers)
}

function requireUntaken(
  subnet: Subnet,
  routes: readonly Subnet[],
  taken: readonly TakenSubnet[],
): Subnet {
  const other = taken.find((one) => {
    const used = parseSubnet(one.subnet)
    return used !== undefined && overlaps(used, subnet)
  })
  if (other !== undefined) throw takenError(formatSubnet(subnet), other)
  requireFree(subnet, routes)
  return subnet
}

/** Throws `INVALID` for an address outside the subnet. */
function checkParts(
  { gateway, ipRange }: BlockRequest,
  auxiliary: readonly string[],
  subnet: Subnet,
): void {
  for (const text of [...(gateway === undefined ? [] : [gateway]), ...auxiliary]) {
    const address = parseAddress(text)
    const isHost = address !== undefined && address > subnet.base && address < lastAddress(subnet)
    if (!isHost) throw outside(`address ${text}`, `the subnet ${formatSubnet(subnet)}`)
  }
  if (ipRange === undefined) return
  const range = parseSubnet(ipRange)
  const isInside =
    range !== undefined && range.prefix >= subnet.prefix && contains(subnet, range.base)
  if (!isInside) throw outside(`range ${ipRange}`, `the subnet ${formatSubnet(subnet)}`)
}

/** Returns the first address that no other machine has: of the range, if one is given. */
function firstFree(
  subnet: Subnet,
  { ipRange = '' }: BlockRequest,
  auxiliary: readonly string[],
): number {
  const taken = new Set(auxiliary)
  const range = parseSubnet(ipRange)
  const start = Math.max(subnet.base + 1, range?.base ?? 0)
  for (let address = start; address < lastAddress(subnet); address++) {
    if (!taken.has(formatAddress(address))) return address
  }
  return subnet.base + 1
}
