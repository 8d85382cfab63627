import type { NftElement, NftMap } from '#platform'
import { addressBytes, formatSubnet, type Subnet } from '#platform'
import type { PublishedPort } from '../port.ts'

/** The bridge for which the rules are made. */
export interface RulesetOptions {
  readonly table: string
  readonly bridge: string
  readonly subnet: Subnet
  /** No packet passes between the bridge and another interface. */
  readonly isInternal?: boolean | undefined
  /** Packets keep the address of the container when they leave the host. */
  readonly keepsAddresses?: boolean | undefined
}

type RuleOptions = Pick<RulesetOptions, 'isInternal' | 'keepsAddresses'>

/** The number of rules that `formatRuleset` makes. Another number in the kernel means that a program changed them. */
export function ruleCount({ isInternal, keepsAddresses }: RuleOptions): number {
  return 13 + (isInternal ? 2 : 0) - (isInternal || keepsAddresses ? 1 : 0)
}

/**
 * Returns a script for `nft -f` that replaces the network's table with a new one that has these
 * elements in its maps, in one transaction.
 *
 * `guard` runs before address translation. It drops packets for 127.0.0.1 that come from the wire
 * or from a container, so that they cannot reach ports published on loopback, or the host's own.
 * `forward` accepts only replies and packets for published ports, so that a peer with a container's
 * address cannot reach its other ports. That also separates networks from each other.
 */
export function formatRuleset(options: RulesetOptions, elements: readonly string[]): string {
  const { table, bridge, isInternal, keepsAddresses } = options
  const hidesAddresses = !isInternal && !keepsAddresses
  const subnet = formatSubnet(options.subnet)
  return `
add table ip ${table}
delete table ip ${table}
table ip ${table} {
  map published {
    type inet_proto . inet_service : ipv4_addr . inet_service
  }
  map published_at {
    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
  }
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @published_at
    dnat ip to meta l4proto . th dport map @published
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ${hidesAddresses ? `ip saddr ${subnet} oifname != "${bridge}" masquerade` : ''}
    ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade
    ip saddr ${subnet} oifname "${bridge}" ct status dnat masquerade
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ${isInternal ? `iifname "${bridge}" oifname != "${bridge}" drop` : ''}
    ${isInternal ? `iifname != "${bridge}" oifname "${bridge}" drop` : ''}
    oifname != "${bridge}" accept
    iifname "${bridge}" accept
    ct state established,related accept
    ct status dnat accept
    drop
  }
}
${elements.map((element) => `add element ip ${table} ${element}`).join('\n')}
`
}

export function publishedMap(table: string): NftMap {
  return { table, name: 'published' }
}

export function publishedAtMap(table: string): NftMap {
  return { table, name: 'published_at' }
}

/** Formats a published port as an element in nft's syntax: `published { tcp . 80 : 10.89.0.2 . 80 }`. */
export function formatElement(port: PublishedPort, ip: string): string {
  return `${formatKey(port, ` : ${ip} . ${port.containerPort}`)}`
}

/** Returns the command that deletes the element only if it still points to this container. */
export function formatRemoval(table: string, port: PublishedPort, ip: string): string {
  const add = `add element ip ${table} ${formatElement(port, ip)}`
  return `${add}; delete element ip ${table} ${formatKey(port, '')}`
}

function formatKey(port: PublishedPort, value: string): string {
  const key = `${port.protocol} . ${port.hostPort}`
  if (isWildcard(port)) return `published { ${key}${value} }`
  return `published_at { ${port.hostIp} . ${key}${value} }`
}

/** The element in the kernel's encoding. */
export function encodeElement(table: string, port: PublishedPort, ip: string): NftElement {
  const protocol = port.protocol === 'tcp' ? 6 : 17
  const key = [protocol, 0, 0, 0, ...bigEndian(port.hostPort), 0, 0]
  const value = Uint8Array.from([...addressBytes(ip), ...bigEndian(port.containerPort), 0, 0])
  if (isWildcard(port)) return { map: publishedMap(table), key: Uint8Array.from(key), value }
  const at = Uint8Array.from([...addressBytes(port.hostIp), ...key])
  return { map: publishedAtMap(table), key: at, value }
}

/** Returns the port that an element publishes, and the container's address. */
export function decodeElement({ key, value }: NftElement): {
  readonly port: PublishedPort
  readonly ip: string
} {
  const at = key.length > 8 ? 4 : 0
  const port = {
    hostIp: at === 0 ? '0.0.0.0' : key.subarray(0, 4).join('.'),
    protocol: key[at] === 6 ? ('tcp' as const) : ('udp' as const),
    hostPort: new DataView(key.buffer, key.byteOffset).getUint16(at + 4),
    containerPort: new DataView(value.buffer, value.byteOffset).getUint16(4),
  }
  return { port, ip: value.subarray(0, 4).join('.') }
}

export function isWildcard(port: PublishedPort): boolean {
  return port.hostIp === '0.0.0.0'
}

function bigEndian(port: number): readonly [number, number] {
  return [port >> 8, port & 255]
}
