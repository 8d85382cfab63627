import { StrakeError } from '#oci'
import {
  formatAddress,
  formatIpv6,
  lastAddress,
  lastIpv6,
  parseAddress,
  parseIpv6,
  parseSubnet,
  parseSubnet6,
} from '#platform'

/** Addresses as numbers, `first` to `last`, both included. */
export interface HostRange {
  readonly first: bigint
  readonly last: bigint
}

/** Whether a subnet or an address is of IPv6. */
export function isIpv6(text: string): boolean {
  return text.includes(':')
}

/** Returns `10.0.0.1` or `fd00::1` as a number. Throws `INVALID`. */
export function addressOf(text: string): bigint {
  const address = isIpv6(text) ? parseIpv6(text) : parseAddress(text)
  if (address !== undefined) return BigInt(address)
  throw new StrakeError('INVALID', `Cannot use address ${text}: it is not of the form 10.0.0.1`)
}

/** Formats an address of the same family as `subnet`. */
export function formatIn(subnet: string, address: bigint): string {
  return isIpv6(subnet) ? formatIpv6(address) : formatAddress(Number(address))
}

/** Returns the hosts of a subnet: IPv4 from /8 to /30, IPv6 from /8 to /120. Throws `INVALID`. */
export function hostsOf(text: string): HostRange {
  const hosts = isIpv6(text) ? hosts6(text) : hosts4(text)
  if (hosts !== undefined) return hosts
  throw new StrakeError('INVALID', `Cannot use subnet ${text}: it is not of the form 10.88.0.0/16`)
}

function hosts4(text: string): HostRange | undefined {
  const subnet = parseSubnet(text)
  if (subnet === undefined || subnet.prefix < 8 || subnet.prefix > 30) return undefined
  return { first: BigInt(subnet.base + 1), last: BigInt(lastAddress(subnet) - 1) }
}

function hosts6(text: string): HostRange | undefined {
  const subnet = parseSubnet6(text)
  if (subnet === undefined || subnet.prefix < 8 || subnet.prefix > 120) return undefined
  return { first: subnet.base + 1n, last: lastIpv6(subnet) }
}

/** Returns the hosts of a subnet that are in `range`, a part of it. Throws `INVALID` when there is none. */
export function rangeOf(subnet: string, range: string | undefined): HostRange {
  const hosts = hostsOf(subnet)
  if (range === undefined) return hosts
  const part = isIpv6(subnet) ? wholeOf6(range) : wholeOf4(range)
  const first = part === undefined || part.first < hosts.first ? hosts.first : part.first
  const last = part !== undefined && part.last < hosts.last ? part.last : hosts.last
  if (part !== undefined && first <= last) return { first, last }
  throw new StrakeError(
    'INVALID',
    `Cannot use range ${range}: it has no address of the subnet ${subnet}`,
  )
}

function wholeOf4(text: string): HostRange | undefined {
  const subnet = parseSubnet(text)
  return subnet && { first: BigInt(subnet.base), last: BigInt(lastAddress(subnet)) }
}

function wholeOf6(text: string): HostRange | undefined {
  const subnet = parseSubnet6(text)
  return subnet && { first: subnet.base, last: lastIpv6(subnet) }
}
