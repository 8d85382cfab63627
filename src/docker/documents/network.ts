import type { NetworkDetails } from '#engine/network/network-details'
import type { InspectDocument } from './document.ts'

/** Docker's shape of a network, as version 29 prints it. */
export function networkInspectDocument(network: NetworkDetails): InspectDocument {
  const { id, name, createdAt, driver, isInternal, labels, options, members, isBuiltIn } = network
  const { hasIpv4, ipv6, traits } = network
  const ipam = isBuiltIn ? null : (traits.ipamOptions ?? {})
  return {
    Name: name,
    Id: id,
    Created: new Date(createdAt).toISOString(),
    Scope: 'local',
    Driver: driver,
    EnableIPv4: hasIpv4,
    EnableIPv6: ipv6 !== undefined,
    IPAM: {
      Driver: 'default',
      Options: ipam,
      Config: isBuiltIn && network.ipv4 === undefined ? null : addresses(network),
    },
    Internal: isInternal,
    Attachable: traits.isAttachable ?? false,
    Ingress: false,
    ConfigFrom: { Network: traits.configFrom ?? '' },
    ConfigOnly: traits.isConfigOnly ?? false,
    Options: options,
    Labels: labels,
    Containers: Object.fromEntries(
      members.map(({ id: container, name: called, place }) => [
        container,
        {
          Name: called,
          EndpointID: container,
          MacAddress: place?.mac ?? '',
          IPv4Address: place?.ip === undefined ? '' : `${place.ip}/${place.prefix}`,
          IPv6Address: place?.ipv6 === undefined ? '' : `${place.ipv6.ip}/${place.ipv6.prefix}`,
        },
      ]),
    ),
  }
}

/** Docker leaves out what a network does not have. */
function addresses({ ipv4, ipv6, auxiliary }: NetworkDetails): readonly object[] {
  return [ipv4, ipv6]
    .filter((block) => block !== undefined)
    .map(({ subnet, gateway, ipRange }) => {
      const isNew = subnet.includes(':')
      const own = Object.entries(auxiliary).filter(([, text]) => text.includes(':') === isNew)
      return {
        ...(subnet !== '' && { Subnet: subnet }),
        ...(ipRange !== undefined && { IPRange: ipRange }),
        ...(gateway !== '' && { Gateway: gateway }),
        ...(own.length > 0 && { AuxiliaryAddresses: Object.fromEntries(own) }),
      }
    })
}
