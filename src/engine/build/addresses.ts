import type { NetworkRequest } from '#build'
import type { AddressRange } from '#network'
import type { Records } from '#records'

/** Allocates a free address of a network for a container or build step. The records keep it unique. */
export function allocateAddress(
  records: Records,
  container: string,
  { network, subnet, gateway }: AddressRange,
): Promise<string> {
  return records.write(() =>
    records.addresses.allocate(network, { container, subnet, reserved: [gateway] }),
  )
}

/** Replaces the address `host-gateway` by the address of this machine. */
export function withGateway(
  hosts: NonNullable<NetworkRequest['hosts']>,
  gateway: string,
): NonNullable<NetworkRequest['hosts']> {
  return hosts.map(({ name, ip }) => ({ name, ip: ip === 'host-gateway' ? gateway : ip }))
}
