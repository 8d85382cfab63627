import type { LanKind } from './lan/lan-link.ts'

/** A network that a user has made: a bridge of its own, or one on an interface of the host. */
export interface UserNetwork {
  /** 64 hexadecimal digits. */
  readonly id: string
  readonly name: string
  /** Absent for a network without IPv4. */
  readonly ipv4?: AddressBlock | undefined
  readonly ipv6?: AddressBlock | undefined
  /** Containers have no route outside, and publish no ports. */
  readonly isInternal: boolean
  /** Absent for a bridge: the kind of interfaces on the network of another interface. */
  readonly lan?: LanKind | undefined
  /** The interface of the host, for `lan`. Default: a dummy. */
  readonly parent?: string | undefined
  /** The name of the bridge's interface. Default: `br-` and the first digits of the ID. */
  readonly interfaceName?: string | undefined
  /** Bytes. Default: that of the host's default route. */
  readonly mtu?: number | undefined
  /** Containers of the network cannot reach each other. */
  readonly isIsolating?: boolean | undefined
  /** Packets keep the address of the container when they leave the host. */
  readonly keepsAddresses?: boolean | undefined
  /** Like `keepsAddresses`, for IPv6. */
  readonly keepsIpv6Addresses?: boolean | undefined
  /** As for `NetworksOptions`; default: the value there. */
  readonly proxiesPorts?: boolean | undefined
  /** The address of the host for ports that are published without one. */
  readonly hostIp?: string | undefined
}

/** The addresses of a network, of one family. */
export interface AddressBlock {
  /** In CIDR form. */
  readonly subnet: string
  /** The address of this machine. */
  readonly gateway: string
}

/** The addresses of a new network, of one family. An absent member is chosen. */
export interface BlockRequest {
  /** In CIDR form. */
  readonly subnet?: string | undefined
  readonly gateway?: string | undefined
  /** A part of the subnet. */
  readonly ipRange?: string | undefined
}

/** The address of the name server in every container on such a network; that of Docker. */
export const nameServerAddress = '127.0.0.11'

/** A network's ID. It becomes the name of a directory and of a table. */
export const networkId: RegExp = /^[0-9a-f]{64}$/

/** The name of the bridge's interface: 15 characters, the most that the kernel allows. */
export function bridgeOf({ id, interfaceName }: Pick<UserNetwork, 'id' | 'interfaceName'>): string {
  return interfaceName ?? `br-${id.slice(0, 12)}`
}

/** The name of the dummy below a network without a parent, as in Docker. */
export function dummyOf({ id }: Pick<UserNetwork, 'id'>): string {
  return `dm-${id.slice(0, 12)}`
}

/** The nftables table of a network. The beginning of its name shows that it is one of ours. */
export function tableOf(id: string): string {
  return `strake_${id.slice(0, 12)}`
}
