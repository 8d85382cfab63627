/** Networks of containers: attach, detach, clean, remove. */

/** The callback that chooses addresses. */
export type { Addresses, AddressRange, AllocateAddress } from './bridge/bridge-network.ts'
/** Wishes of a container on one network. */
export type { EndpointOptions } from './endpoint.ts'
export type { HostsOptions } from './hosts-file.ts'
export { formatHosts } from './hosts-file.ts'
/** Kinds of interfaces on the network of the host. */
export type { IpvlanFlag, IpvlanMode, LanKind, MacvlanMode } from './lan/lan-link.ts'
export type {
  Attachment,
  AttachOptions,
  NetworkKind,
  NetworkPlace,
  NetworkRequest,
} from './model.ts'
export { defaultNetwork } from './model.ts'
export type { Networks, NetworksOptions } from './networks.ts'
export { openNetworks } from './networks.ts'
export { publishingPlace } from './places.ts'
/** Requested and published ports. */
export type { PortProtocol, PortRequest, PublishedPort } from './port.ts'
/** Ports on IPv6 addresses of the host. */
export { type ProxiedPort, proxiedPorts } from './proxy/proxied-port.ts'
/** A network whose only server is a proxy that sees every request. */
export { type Exchange, openRecorder, type ProxiedRequest } from './recorder/recorder.ts'
/** A container's resolv.conf and hosts. */
export type { ResolverConfig } from './resolv-conf.ts'
export { formatResolvConf, readContainerResolver, readHostResolver } from './resolv-conf.ts'
/** Networks that users make. */
export type { AddressBlock, BlockRequest, UserNetwork } from './user-network.ts'
export { bridgeOf, nameServerAddress } from './user-network.ts'
