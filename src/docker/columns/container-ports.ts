import type { ContainerSummary } from '#engine/container/summary'
import type { PublishedPort } from '#network'

/** The PORTS column: published ports, then ports that are exposed but not published. */
export function formatPorts({
  published,
  exposed,
}: Pick<ContainerSummary, 'published' | 'exposed'>): string {
  const taken = new Set(published.map((port) => `${port.containerPort}/${port.protocol}`))
  return [
    ...published.map(formatPublishedPort),
    ...exposed.filter((port) => !taken.has(port)),
  ].join(', ')
}

/** `0.0.0.0:8080->80/tcp`, `[::]:8080->80/tcp` */
function formatPublishedPort({ hostIp, hostPort, containerPort, protocol }: PublishedPort): string {
  const host = hostIp.includes(':') ? `[${hostIp}]` : hostIp
  return `${host}:${hostPort}->${containerPort}/${protocol}`
}
