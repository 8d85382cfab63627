import { StrakeError } from '#oci'
import { lastAddress, parseAddress, parseSubnet } from '#platform'

/** Returns `10.0.0.1` as a number. Throws `INVALID`. */
export function addressOf(text: string): number {
  const address = parseAddress(text)
  if (address !== undefined) return address
  throw new StrakeError('INVALID', `Cannot use address ${text}: it is not of the form 10.0.0.1`)
}

/** Returns the first and last address for hosts of a subnet, /8 to /30. Throws `INVALID`. */
export function hostsOf(text: string): { readonly first: number; readonly last: number } {
  const subnet = parseSubnet(text)
  if (subnet === undefined || subnet.prefix < 8 || subnet.prefix > 30) {
    throw new StrakeError(
      'INVALID',
      `Cannot use subnet ${text}: it is not of the form 10.88.0.0/16`,
    )
  }
  return { first: subnet.base + 1, last: lastAddress(subnet) - 1 }
}

/** Returns the hosts of a subnet that are in `range`, a part of it. Throws `INVALID` when there is none. */
export function rangeOf(
  subnet: string,
  range: string | undefined,
): { readonly first: number; readonly last: number } {
  const hosts = hostsOf(subnet)
  if (range === undefined) return hosts
  const part = parseSubnet(range)
  const first = Math.max(hosts.first, part?.base ?? 0)
  const last = Math.min(hosts.last, part === undefined ? 0 : lastAddress(part))
  if (first <= last) return { first, last }
  throw new StrakeError(
    'INVALID',
    `Cannot use range ${range}: it has no address of the subnet ${subnet}`,
  )
}
