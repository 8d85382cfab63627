import type { ContainerSummary } from '#engine/container/summary'

/** A port of a container; those that are not published have no address. */
interface Port {
  readonly number: number
  readonly protocol: string
  readonly hostIp: string
  readonly hostPort: number
}

/** The PORTS column, as Docker writes it: ranges of ports whose number is the same outside, then the others. */
export function formatPorts({
  published,
  exposed,
}: Pick<ContainerSummary, 'published' | 'exposed'>): string {
  const taken = new Set(published.map((port) => `${port.containerPort}/${port.protocol}`))
  const ports: readonly Port[] = [
    ...published.map(({ containerPort, ...rest }) => ({ number: containerPort, ...rest })),
    ...exposed.filter((port) => !taken.has(port)).map(unpublished),
  ].sort(comparePorts)
  const isMapped = ({ hostIp, hostPort, number }: Port): boolean =>
    hostIp !== '' && hostPort !== number
  return [
    ...formatRanges(ports.filter((port) => !isMapped(port))),
    ...ports.filter(isMapped).map(formatMapping),
  ].join(', ')
}

function unpublished(text: string): Port {
  const [number, protocol = 'tcp'] = text.split('/')
  return { number: Number(number), protocol, hostIp: '', hostPort: 0 }
}

function comparePorts(a: Port, b: Port): number {
  return (
    a.number - b.number ||
    order(a.hostIp, b.hostIp) ||
    a.hostPort - b.hostPort ||
    order(a.protocol, b.protocol)
  )
}

/** An IPv4 address stands before an IPv6 one, also as a text. */
function order(a: string, b: string): number {
  const isNew = Number(a.includes(':')) - Number(b.includes(':'))
  return isNew || (a < b ? -1 : Number(a > b))
}

/** `0.0.0.0:8000-8002->8000-8002/tcp`, and `81-82/tcp` for ports that are not published. */
function formatRanges(ports: readonly Port[]): readonly string[] {
  const done: string[] = []
  const open = new Map<string, { readonly port: Port; last: number }>()
  for (const port of ports) {
    const key = `${port.hostIp}/${port.protocol}`
    const range = open.get(key)
    if (range !== undefined && port.number === range.last + 1) {
      range.last = port.number
      continue
    }
    if (range !== undefined) done.push(formatRange(range.port, range.last))
    open.set(key, { port, last: port.number })
  }
  return [...done, ...[...open.values()].map(({ port, last }) => formatRange(port, last))]
}

function formatRange({ number, hostIp, protocol }: Port, last: number): string {
  const range = last === number ? `${number}` : `${number}-${last}`
  const outside = hostIp === '' ? '' : `${bracket(hostIp)}:${range}->`
  return `${outside}${range}/${protocol}`
}

/** `0.0.0.0:8080->80/tcp`, `[::]:8080->80/tcp` */
function formatMapping({ hostIp, hostPort, number, protocol }: Port): string {
  return `${bracket(hostIp)}:${hostPort}->${number}/${protocol}`
}

function bracket(hostIp: string): string {
  return hostIp.includes(':') ? `[${hostIp}]` : hostIp
}
