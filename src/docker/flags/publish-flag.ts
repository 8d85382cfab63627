import type { PortProtocol, PortRequest } from '#network'
import { StrakeError } from '#oci'
import { ipVersion } from '#platform'

/**
 * Reads Docker's `[ip:][hostPort[-end]:]containerPort[-end][/protocol]`. Ranges
 * of the same length are paired; a range of host ports for one container port
 * means any free one of them. Throws `INVALID`.
 */
export function parsePublish(text: string): readonly PortRequest[] {
  const [address = '', protocolText = 'tcp', ...more] = text.split('/')
  const protocol = protocolText.toLowerCase()
  if (more.length > 0 || !isProtocol(protocol)) {
    throw invalid(text, `the protocol is tcp, udp or sctp, not ${JSON.stringify(protocolText)}`)
  }
  const { ip, ports } = splitAddress(address, text)
  const container = parseRange(ports.at(-1) ?? '', text)
  const hostText = ports.length > 1 ? (ports[0] ?? '') : ''
  const host = hostText === '' || hostText === '0' ? undefined : parseRange(hostText, text)
  const base = { ...(ip === undefined ? {} : { hostIp: ip }), protocol } as const
  return pairPorts(host, container, text).map((ports) => ({ ...base, ...ports }))
}

function isProtocol(text: string): text is PortProtocol {
  return text === 'tcp' || text === 'udp' || text === 'sctp'
}

/** An IPv6 address contains colons; its brackets are optional. */
function splitAddress(
  address: string,
  text: string,
): { readonly ip: string | undefined; readonly ports: readonly string[] } {
  const [, bracketed, rest] = /^\[(.*)\]:(.*)$/.exec(address) ?? []
  const parts = (rest ?? address).split(':')
  if (bracketed !== undefined) {
    if (parts.length > 2) throw invalid(text, 'there are too many colons')
    return { ip: parseHostIp(bracketed, text), ports: parts }
  }
  if (parts.length < 3) return { ip: undefined, ports: parts }
  return { ip: parseHostIp(parts.slice(0, -2).join(':'), text), ports: parts.slice(-2) }
}

interface PortRange {
  readonly first: number
  readonly last: number
}

function pairPorts(
  host: PortRange | undefined,
  container: PortRange,
  text: string,
): readonly Pick<PortRequest, 'hostPort' | 'hostPortEnd' | 'containerPort'>[] {
  const count = container.last - container.first + 1
  const hostCount = host === undefined ? count : host.last - host.first + 1
  if (host !== undefined && count === 1 && hostCount > 1) {
    return [{ hostPort: host.first, hostPortEnd: host.last, containerPort: container.first }]
  }
  if (hostCount !== count) throw invalid(text, 'the two ranges differ in length')
  return Array.from({ length: count }, (_, i) => ({
    hostPort: host === undefined ? 0 : host.first + i,
    containerPort: container.first + i,
  }))
}

function parseRange(range: string, text: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range)
  if (match === null) throw invalid(text, `${JSON.stringify(range)} is not a port`)
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  if (first < 1 || last > 65535) throw invalid(text, 'ports are 1 to 65535')
  if (last < first) throw invalid(text, `the range ${range} is backwards`)
  return { first, last }
}

function parseHostIp(ip: string, text: string): string | undefined {
  if (ip === '' || ip === '0.0.0.0') return undefined
  if (ipVersion(ip) === 4) return ip
  if (ipVersion(ip) !== 6 || ip.includes('%')) {
    throw invalid(text, `${JSON.stringify(ip)} is not an IP address`)
  }
  return new URL(`http://[${ip}]`).hostname.slice(1, -1)
}

function invalid(text: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot publish ${JSON.stringify(text)}: ${reason}`, {
    remedy: 'write it as 8080:80, 127.0.0.1:8080:80, [::1]:8080:80 or 53:53/udp',
  })
}
