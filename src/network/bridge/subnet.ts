import { StrakeError } from '#oci'
import {
  contains,
  formatSubnet,
  formatSubnet6,
  overlaps,
  overlaps6,
  parseAddress,
  parseSubnet,
  parseSubnet6,
  type Subnet,
  type Subnet6,
  subnetOf,
} from '#platform'

const candidates = [
  ...Array.from({ length: 11 }, (_, i) => `10.${89 + i}.0.0/16`),
  ...Array.from({ length: 4 }, (_, i) => `172.${28 + i}.0.0/16`),
  ...Array.from({ length: 16 }, (_, i) => `192.168.${200 + i}.0/24`),
].flatMap((text) => parseSubnet(text) ?? [])

/** For networks that users make: small ones, because there may be many. */
const userCandidates = (): readonly Subnet[] =>
  Array.from({ length: 10 * 256 }, (_, i) => subnetOf((10 << 24) + (100 << 16) + (i << 8), 24))

/** Returns the first usual subnet that contains no route of this host and no name server. */
export function chooseSubnet(routes: readonly Subnet[], nameservers: readonly string[]): Subnet {
  return chooseFrom(candidates, routes, nameservers)
}

/** Like `chooseSubnet`, for a network that a user makes. */
export function chooseUserSubnet(
  routes: readonly Subnet[],
  nameservers: readonly string[],
): Subnet {
  return chooseFrom(userCandidates(), routes, nameservers)
}

function chooseFrom(
  candidates: readonly Subnet[],
  routes: readonly Subnet[],
  nameservers: readonly string[],
): Subnet {
  const used = routes.filter((route) => route.prefix > 0)
  const servers = nameservers.flatMap((server) => parseAddress(server) ?? [])
  const free = candidates.find(
    (subnet) =>
      !used.some((route) => overlaps(route, subnet)) &&
      !servers.some((server) => contains(subnet, server)),
  )
  if (free !== undefined) return free
  throw new StrakeError(
    'CONFLICT',
    'Cannot create the container network: every usual subnet overlaps a route of this host',
    { remedy: 'choose a free subnet in the configuration' },
  )
}

/**
 * Reads a configured subnet. It needs space for two addresses and may be public. Throws `INVALID`.
 */
export function requireSubnet(text: string): Subnet {
  const subnet = parseSubnet(text)
  if (subnet === undefined || subnet.prefix > 29 || subnet.prefix < 8) {
    throw new StrakeError(
      'INVALID',
      `Cannot use the subnet ${JSON.stringify(text)}: not a block of 8 to 2^24 IPv4 addresses`,
      {
        remedy: 'write it as 10.89.0.0/16',
      },
    )
  }
  return subnet
}

/** Reads a configured IPv6 subnet of at least 2^8 addresses. Throws `INVALID`. */
export function requireSubnet6(text: string): Subnet6 {
  const subnet = parseSubnet6(text)
  if (subnet !== undefined && subnet.prefix >= 8 && subnet.prefix <= 120) return subnet
  throw new StrakeError(
    'INVALID',
    `Cannot use the subnet ${JSON.stringify(text)}: not a block of IPv6 addresses from /8 to /120`,
    { remedy: 'write it as fd00:0:0:1::/64' },
  )
}

/** Throws `CONFLICT` when a configured IPv6 subnet overlaps a route of this host. */
export function requireFree6(subnet: Subnet6, routes: readonly Subnet6[]): void {
  const route = routes.find((route) => route.prefix > 0 && overlaps6(route, subnet))
  if (route === undefined) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot use the subnet ${formatSubnet6(subnet)}: this host has a route to ${formatSubnet6(route)}`,
  )
}

/** Throws `CONFLICT` when a configured subnet overlaps a route of this host. */
export function requireFree(subnet: Subnet, routes: readonly Subnet[]): void {
  const route = routes.find((route) => route.prefix > 0 && overlaps(route, subnet))
  if (route === undefined) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot use the subnet ${formatSubnet(subnet)}: this host has a route to ${formatSubnet(route)}`,
  )
}
