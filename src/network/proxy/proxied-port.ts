import { ipVersion } from '#platform'
import type { PublishedPort } from '../port.ts'

/**
 * A port on an address of the host that a process passes on. The kernel does not translate between
 * IPv4 and IPv6, and sends no packet from ::1 to a container.
 */
export interface ProxiedPort {
  readonly hostIp: string
  readonly hostPort: number
  readonly protocol: 'tcp' | 'udp'
  readonly target: { readonly ip: string; readonly port: number }
}

/** Returns the ports of a container that need a proxy, which must be open while the container runs. */
export function proxiedPorts(
  ports: readonly PublishedPort[],
  { ip, ip6 }: { readonly ip?: string | undefined; readonly ip6?: string | undefined },
): readonly ProxiedPort[] {
  const target = ip ?? ip6
  if (target === undefined) return []
  return ports
    .filter(({ hostIp }) => ipVersion(hostIp) === 6 || ip === undefined)
    .flatMap(({ hostIp, hostPort, protocol, containerPort }) => {
      // Neither Bun nor Node has sockets of SCTP.
      if (protocol === 'sctp') return []
      return [{ hostIp, hostPort, protocol, target: { ip: target, port: containerPort } }]
    })
}

/** `[::]:8080`, `[::1]:53/udp`, `0.0.0.0:8080` */
export function describeProxied({
  hostIp,
  hostPort,
  protocol,
}: Pick<ProxiedPort, 'hostIp' | 'hostPort' | 'protocol'>): string {
  const host = hostIp.includes(':') ? `[${hostIp}]` : hostIp
  return `${host}:${hostPort}${protocol === 'tcp' ? '' : '/udp'}`
}
