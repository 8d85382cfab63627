export type PortProtocol = 'tcp' | 'udp' | 'sctp'

/** The numbers of protocols in the header of a packet. */
export const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const

/** A port to publish; several container ports are several requests. */
export interface PortRequest {
  /** An address of the host. Without it the port is published on all addresses. */
  readonly hostIp?: string
  /** 0 stands for any free port. */
  readonly hostPort: number
  /** The last host port of a range. A free port of the range is chosen. */
  readonly hostPortEnd?: number
  readonly containerPort: number
  readonly protocol: PortProtocol
}

/** A published port. `hostIp` is `0.0.0.0` or `::` for all addresses of the host. */
export interface PublishedPort {
  readonly hostIp: string
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: PortProtocol
}

/** A port, and the address of the container to which packets for it go. */
export interface PortTarget {
  readonly port: PublishedPort
  readonly ip: string
}

/** Whether the port is published on all addresses of the host, of IPv4 and IPv6. */
export function isWildcard({ hostIp }: Pick<PublishedPort, 'hostIp'>): boolean {
  return hostIp === '0.0.0.0'
}
