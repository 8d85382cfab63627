import type { PublishedPort } from '#network'
import { StrakeError } from '#oci'
import { compareNaturally } from './natural-order.ts'

/**
 * Returns the lines of `port`: `80/tcp -> 0.0.0.0:8080` for every published port, or
 * `0.0.0.0:8080` for those of `wanted`, which is `80` or `80/udp`. Throws `INVALID`, and
 * `NOT_FOUND` when `wanted` is not published.
 */
export function portLines(
  name: string,
  published: readonly PublishedPort[],
  wanted: string | undefined,
): readonly string[] {
  if (wanted === undefined) {
    return published
      .map((port) => `${port.containerPort}/${port.protocol} -> ${hostAddress(port)}`)
      .sort(compareNaturally)
  }
  const [, text, protocol = 'tcp'] = /^(\d+)(?:\/(tcp|udp|sctp))?$/i.exec(wanted) ?? []
  if (text === undefined || Number(text) > 65_535) {
    throw new StrakeError('INVALID', `Cannot show port ${wanted}: expected PORT or PORT/PROTOCOL`)
  }
  const found = published.filter(
    (port) => port.containerPort === Number(text) && port.protocol === protocol.toLowerCase(),
  )
  if (found.length > 0) return found.map(hostAddress)
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot show port ${text}/${protocol.toLowerCase()}: container ${name} does not publish it`,
    { remedy: `see all with strake port ${name}` },
  )
}

function hostAddress({ hostIp, hostPort }: PublishedPort): string {
  return hostIp.includes(':') ? `[${hostIp}]:${hostPort}` : `${hostIp}:${hostPort}`
}
