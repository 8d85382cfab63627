/** A parsed word of EXPOSE. */
export interface PortSpec {
  readonly first: number
  readonly last: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** True for a word with an address or a host port. Only its container port is used. */
  readonly mapped: boolean
}

/**
 * Reads `port[-port][/protocol]`, also after an address or a host port
 * (`127.0.0.1:80:80`). Returns undefined for any other text. The default protocol is
 * `tcp`, also after a `/`.
 */
export function parsePortSpec(text: string): PortSpec | undefined {
  const [ports = '', protocol = 'tcp', more] = text.split('/')
  const lower = protocol.toLowerCase() || 'tcp'
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
