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
