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

/** The place of a container on the network where its ports are published. */
interface Target {
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  /** All of its ports need a proxy. */
  readonly proxiesPorts?: boolean | undefined
}

/** Returns the ports of a container that need a proxy, which must be open while the container runs. */
export function proxiedPorts(
  ports: readonly PublishedPort[],
  { ip, ip6, proxiesPorts }: Target,
): readonly ProxiedPort[] {
  const target = ip ?? ip6
  if (target === undefined) return []
  return ports
    .filter(({ hostIp }) => proxiesPorts || ip === undefined || ipVersion(hostIp) === 6)
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
