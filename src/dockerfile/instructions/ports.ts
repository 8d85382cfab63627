/** What one word of EXPOSE says. */
export interface PortSpec {
  readonly first: number
  readonly last: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** True for the forms with an address or a host port, of which only the container port counts. */
  readonly mapped: boolean
}

/**
 * Reads `port[-port][/protocol]`, also behind an address or a host port
 * (`127.0.0.1:80:80`); undefined when it is none. No protocol is `tcp`.
 */
export function parsePortSpec(text: string): PortSpec | undefined {
  const [ports = '', protocol = 'tcp', more] = text.split('/')
  const lower = protocol.toLowerCase()
  if (more !== undefined || (lower !== 'tcp' && lower !== 'udp' && lower !== 'sctp')) {
    return undefined
  }
  const colon = ports.lastIndexOf(':')
  const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports.slice(colon + 1))
  const first = Number(range?.[1])
  const last = Number(range?.[2] ?? range?.[1])
  if (range === null || first > last || last > 65535) {
    return undefined
  }
  return { first, last, protocol: lower, mapped: colon >= 0 }
}
