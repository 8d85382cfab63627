import { ipVersion } from '#platform'
import type { PortProtocol, PublishedPort } from '../port.ts'

/**
 * A port on an IPv6 address of the host. Containers have only IPv4 addresses, and the kernel does
 * not translate between IPv4 and IPv6, so a process forwards the data.
 */
export interface ProxiedPort {
  readonly hostIp: string
  readonly hostPort: number
  readonly protocol: PortProtocol
  readonly target: { readonly ip: string; readonly port: number }
}

/**
 * Returns the ports of a container that need a proxy, which must be open while the container runs.
 */
export function proxiedPorts(
  ports: readonly PublishedPort[],
  ip: string | undefined,
): readonly ProxiedPort[] {
  if (ip === undefined) return []
  return ports
    .filter(({ hostIp }) => ipVersion(hostIp) === 6)
    .map(({ hostIp, hostPort, protocol, containerPort }) => {
      return { hostIp, hostPort, protocol, target: { ip, port: containerPort } }
    })
}

/** `[::]:8080`, `[::1]:53/udp` */
export function describeProxied({
  hostIp,
  hostPort,
  protocol,
}: Pick<ProxiedPort, 'hostIp' | 'hostPort' | 'protocol'>): string {
  return `[${hostIp}]:${hostPort}${protocol === 'tcp' ? '' : '/udp'}`
}
