/**
 * The types of the document of a network. Addresses are texts here, as in JSON.
 *
 * @see https://pkg.go.dev/github.com/moby/moby/api/types/network#Inspect
 */
export const networkTypes = `
network.IPAMConfig {
  Subnet? string
  IPRange? string
  Gateway? string
  AuxAddress=AuxiliaryAddresses? map[string]string
}
network.IPAM {
  Driver string
  Options map[string]string
  Config []network.IPAMConfig
}
network.ConfigReference {
  Network string
}
network.EndpointResource {
  Name string
  EndpointID string
  MacAddress string
  IPv4Address string
  IPv6Address string
}
network.Inspect {
  Name string
  ID=Id string
  Created time.Time
  Scope string
  Driver string
  EnableIPv4 bool
  EnableIPv6 bool
  IPAM network.IPAM
  Internal bool
  Attachable bool
  Ingress bool
  ConfigFrom network.ConfigReference
  ConfigOnly bool
  Options map[string]string
  Labels map[string]string
  Containers map[string]network.EndpointResource
}
`
