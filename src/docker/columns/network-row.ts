import type { NetworkDetails } from '#engine/network/network-details'
import { formatLabels } from './labels.ts'

type Column = 'Driver' | 'ID' | 'IPv4' | 'IPv6' | 'Internal' | 'Labels' | 'Name' | 'Scope'

export type NetworkRow = Readonly<Record<Column, string> & { CreatedAt: () => string }>

/** The fields of a network in `network ls`. */
export function networkRow(
  network: NetworkDetails,
  { trunc, createdAt }: { readonly trunc: boolean; readonly createdAt: () => string },
): NetworkRow {
  return {
    // A function, because the time zone costs milliseconds and no table shows it.
    CreatedAt: createdAt,
    Driver: network.driver,
    ID: trunc ? network.id.slice(0, 12) : network.id,
    IPv4: String(network.hasIpv4),
    IPv6: String(network.ipv6 !== undefined),
    Internal: String(network.isInternal),
    Labels: formatLabels(network.labels),
    Name: network.name,
    Scope: 'local',
  }
}
