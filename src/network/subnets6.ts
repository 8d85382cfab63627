import {
  contains6,
  formatIpv6,
  formatSubnet6,
  lastIpv6,
  type NetlinkSocket,
  overlaps6,
  parseIpv6,
  parseSubnet6,
  type Subnet6,
} from '#platform'
import { listRoutes6 } from './bridge/address.ts'
import { requireFree6, requireSubnet6 } from './bridge/subnet.ts'
import { outside, type TakenSubnet, taken as takenError } from './subnet-errors.ts'
import type { AddressBlock, BlockRequest } from './user-network.ts'

interface Others {
  readonly taken: readonly TakenSubnet[]
  readonly isShared: boolean
  readonly route: NetlinkSocket
}

/**
 * Returns the IPv6 addresses of a new network. A chosen subnet is a random one for local use
 * (RFC 4193), of /64. Throws `CONFLICT` and `INVALID`.
 */
export function chooseIpv6Block(
  request: BlockRequest,
  auxiliary: readonly string[],
  { taken, isShared, route }: Others,
): AddressBlock {
  const subnet =
    request.subnet === undefined ? randomSubnet() : requireSubnet6(canonical(request.subnet))
  const other = taken.find((one) => {
    const used = parseSubnet6(one.subnet)
    return used !== undefined && overlaps6(used, subnet)
  })
  if (other !== undefined) throw takenError(formatSubnet6(subnet), other)
  if (!isShared) requireFree6(subnet, listRoutes6(route))
  const texts = [...(request.gateway === undefined ? [] : [request.gateway]), ...auxiliary]
  const reserved = texts.map((text) => requireInside(text, subnet))
  const start = firstOf(request.ipRange, subnet)
  if (request.gateway !== undefined) {
    return { subnet: formatSubnet6(subnet), gateway: formatIpv6(reserved[0] ?? start) }
  }
  let gateway = start
  while (reserved.includes(gateway) && gateway < lastIpv6(subnet)) gateway += 1n
  return { subnet: formatSubnet6(subnet), gateway: formatIpv6(gateway) }
}

/** The text with its address in the usual form. Malformed text stays. */
function canonical(text: string): string {
  const subnet = parseSubnet6(text)
  return subnet === undefined ? text : formatSubnet6(subnet)
}

/** `fd`, 40 random bits, and the subnet 0. */
function randomSubnet(): Subnet6 {
  const random = crypto.getRandomValues(new Uint8Array(5))
  const bits = [0xfd, ...random].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return { base: bits << 80n, prefix: 64 }
}

function requireInside(text: string, subnet: Subnet6): bigint {
  const address = parseIpv6(text)
  const isHost = address !== undefined && address > subnet.base && contains6(subnet, address)
  if (!isHost) throw outside(`address ${text}`, `the subnet ${formatSubnet6(subnet)}`)
  return address
}

/** The first address for hosts, of the range if one is given. */
function firstOf(ipRange: string | undefined, subnet: Subnet6): bigint {
  if (ipRange === undefined) return subnet.base + 1n
  const range = parseSubnet6(ipRange)
  const isInside =
    range !== undefined && range.prefix >= subnet.prefix && contains6(subnet, range.base)
  if (!isInside) throw outside(`range ${ipRange}`, `the subnet ${formatSubnet6(subnet)}`)
  return range.base === subnet.base ? subnet.base + 1n : range.base
}
