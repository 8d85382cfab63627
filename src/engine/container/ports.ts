import type { Container } from '#container'
import { formatPublishedPort } from '#network'

/** The PORTS column: published ports, then those the image only exposes. */
export function formatPorts({ settings, state }: Pick<Container, 'settings' | 'state'>): string {
  if (state.status !== 'running' && state.status !== 'paused') return ''
  const published = state.network?.ports ?? []
  const taken = new Set(published.map((port) => `${port.containerPort}/${port.protocol}`))
  return [
    ...published.map(formatPublishedPort),
    ...settings.exposed.filter((port) => !taken.has(port)),
  ].join(', ')
}
