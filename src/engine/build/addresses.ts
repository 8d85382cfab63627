import type { AddressRange } from '#network'
import type { Records } from '#records'

/** A free address of a network for a container or build step; the records see to it that it is unique. */
export function allocateAddress(
  records: Records,
  container: string,
  { network, subnet, gateway }: AddressRange,
): string {
  return records.addresses.allocate(network, { container, subnet, reserved: [gateway] })
}
