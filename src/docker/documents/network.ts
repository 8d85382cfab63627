import type { NetworkDetails } from '#engine/network/network-details'
import type { InspectDocument } from './document.ts'

/** Docker's shape of a network, as version 29 prints it. */
export function networkInspectDocument(network: NetworkDetails): InspectDocument {
  const { id, name, createdAt, driver, isInternal, labels, options, members, isBuiltIn } = network
  return {
    Name: name,
    Id: id,
    Created: new Date(createdAt).toISOString(),
    Scope: 'local',
    Driver: driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: isBuiltIn ? null : {}, Config: addresses(network) },
    Internal: isInternal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Options: options,
    Labels: labels,
    Containers: Object.fromEntries(
      members.map(({ id: container, name: called, place }) => [
        container,
        {
          Name: called,
          EndpointID: container,
          MacAddress: place?.mac ?? '',
          IPv4Address: place === undefined ? '' : `${place.ip}/${place.prefix}`,
          IPv6Address: '',
        },
      ]),
    ),
  }
}

/** Docker leaves out what a network does not have. */
function addresses({ subnet, gateway, ipRange, auxiliary }: NetworkDetails): readonly object[] {
  if (subnet === undefined) return []
  return [
    {
      Subnet: subnet,
      ...(ipRange === undefined ? {} : { IPRange: ipRange }),
      ...(gateway === undefined ? {} : { Gateway: gateway }),
      ...(Object.keys(auxiliary).length === 0 ? {} : { AuxiliaryAddresses: auxiliary }),
    },
  ]
}
