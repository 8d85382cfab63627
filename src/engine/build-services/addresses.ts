import type { NetworkRequest } from '#build'
import type { Addresses, AddressRange } from '#network'
import type { Records } from '#records'

/** Allocates free addresses of a network for a container or build step. The records keep them unique. */
export function allocateAddress(
  records: Records,
  container: string,
  { network, ipv4, ipv6 }: AddressRange,
): Promise<Addresses> {
  const allocate = (block: AddressRange['ipv4']): string | undefined => {
    if (block === undefined) return undefined
    const { subnet, gateway } = block
    return records.addresses.allocate(network, { container, subnet, reserved: [gateway] })
  }
  return records.write(() => ({ ip: allocate(ipv4), ip6: allocate(ipv6) }))
}

/** Replaces the address `host-gateway` by the address of this machine. */
export function withGateway(
  hosts: NonNullable<NetworkRequest['hosts']>,
  gateway: string,
): NonNullable<NetworkRequest['hosts']> {
  return hosts.map(({ name, ip }) => ({ name, ip: ip === 'host-gateway' ? gateway : ip }))
}
