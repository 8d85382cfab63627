import type { AllocateAddress, BridgeAttachment, Place } from './bridge/bridge-network.ts'
import type { NetworkLink } from './bridge/state.ts'
import type { EndpointOptions } from './endpoint.ts'
import type { PortRequest } from './port.ts'
import type { ResolverConfig } from './resolv-conf.ts'
import type { UserNetwork } from './user-network.ts'

export type NetworkKind = 'bridge' | 'host' | 'none'

/** The network that every container joins unless another one is given. */
export const defaultNetwork = 'bridge'

/** A network that a container joins. */
export interface NetworkRequest {
  readonly name: string
  /** Absent for the default network. */
  readonly network?: UserNetwork | undefined
  /** Chooses the address. */
  readonly allocate: AllocateAddress
  /** Further names that other containers of the network find the container by. */
  readonly aliases?: readonly string[] | undefined
  /** Names that only this container knows. */
  readonly links?: readonly NetworkLink[] | undefined
  readonly endpoint?: EndpointOptions | undefined
  /** Default: derived from the address. */
  readonly mac?: string | undefined
  /** The default route goes through the network with the highest one. Default 0. */
  readonly gatewayPriority?: number | undefined
}

/** The place of a container on one network. */
export interface NetworkPlace extends Place {
  readonly name: string
  /** The network's ID; absent for the default network. */
  readonly id?: string | undefined
  readonly gatewayPriority?: number | undefined
  /** The container's ports are published here. */
  readonly hasPorts?: boolean | undefined
  /** The network has no route outside. */
  readonly isInternal?: boolean | undefined
}

export interface AttachOptions {
  readonly containerId: string
  readonly kind: NetworkKind
  /** The container's name in messages; default: its ID. */
  readonly name?: string
  /** The networks to join, for the kind `bridge`; the first one has the default route. */
  readonly networks?: readonly NetworkRequest[] | undefined
  /** The ports to publish on a bridge. The other kinds ignore them. */
  readonly ports?: readonly PortRequest[]
  readonly signal?: AbortSignal | undefined
}

/**
 * The network of a container. For `bridge`, the namespace exists at `netnsPath`. For `none`,
 * config.json has a network namespace without a path, so that crun or runc creates it and brings
 * loopback up. For `host`, config.json has no network namespace. Disposing detaches the container.
 */
export interface Attachment extends Partial<BridgeAttachment>, AsyncDisposable {
  readonly kind: NetworkKind
  readonly ports: BridgeAttachment['ports']
  /** The places on the joined networks, in that order. */
  readonly networks: readonly NetworkPlace[]
  readonly resolver: ResolverConfig
}
