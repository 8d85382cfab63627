import { ipBytes, ipVersion, type NftElement, type NftFamily, type NftMap } from '#platform'
import { isWildcard, type PortTarget, type PublishedPort } from '../port.ts'
import { decodePort, encodePort } from './ports/element.ts'
import type { AttachmentRecord } from './state.ts'

/** The bridge for which the rules are made. */
export interface RulesetOptions extends RuleOptions {
  readonly table: string
  readonly bridge: string
  readonly family: NftFamily
  /** In CIDR form, of the family. */
  readonly subnet: string
}

interface RuleOptions {
  /** No packet passes between the bridge and another interface. */
  readonly isInternal?: boolean | undefined
  /** Packets keep the address of the container when they leave the host. */
  readonly keepsAddresses?: boolean | undefined
  /** Like `keepsAddresses`, for IPv6. */
  readonly keepsIpv6Addresses?: boolean | undefined
}

/** The number of rules that `formatRuleset` makes. Another number in the kernel means that a program changed them. */
export function ruleCount(options: RuleOptions, family: NftFamily = 'ip'): number {
  return 13 + (options.isInternal ? 2 : 0) - (hidesAddresses(options, family) ? 0 : 1)
}

function hidesAddresses(options: RuleOptions, family: NftFamily): boolean {
  const keeps = family === 'ip' ? options.keepsAddresses : options.keepsIpv6Addresses
  return !options.isInternal && !keeps
}

/** How rules name the addresses of a family. */
const words = {
  ip: { address: 'ip', type: 'ipv4_addr', loopback: '127.0.0.0/8', own: '' },
  // The kernel sends no packet from ::1 to a container. A proxy serves ports there.
  ip6: { address: 'ip6', type: 'ipv6_addr', loopback: '::1', own: 'ip6 daddr != ::1 ' },
} as const

/**
 * Returns a script for `nft -f` that replaces the network's table of a family with a new one that
 * has these elements in its maps, in one transaction.
 *
 * `guard` runs before address translation. It drops packets for loopback that come from the wire
 * or from a container, so that they cannot reach ports published on loopback, or the host's own.
 * `forward` accepts only replies and packets for published ports, so that a peer with a container's
 * address cannot reach its other ports. That also separates networks from each other.
 */
export function formatRuleset(options: RulesetOptions, elements: readonly string[]): string {
  const { table, bridge, isInternal, subnet, family } = options
  const { address, type, loopback, own } = words[family]
  const hides = hidesAddresses(options, family)
  return `
add table ${family} ${table}
delete table ${family} ${table}
table ${family} ${table} {
  map published {
    type inet_proto . inet_service : ${type} . inet_service
  }
  map published_at {
    type ${type} . inet_proto . inet_service : ${type} . inet_service
  }
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ${address} daddr ${loopback} drop
  }
  chain publish {
    dnat ${address} to ${address} daddr . meta l4proto . th dport map @published_at
    dnat ${address} to meta l4proto . th dport map @published
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    ${own}fib daddr type local jump publish
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ${hides ? `${address} saddr ${subnet} oifname != "${bridge}" masquerade` : ''}
    ${address} saddr ${loopback} oifname "${bridge}" masquerade
    ${address} saddr ${subnet} oifname "${bridge}" ct status dnat masquerade
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
${elements.map((element) => `add element ${family} ${table} ${element}`).join('\n')}
`
}

export function publishedMap(table: string, family?: NftFamily): NftMap {
  return { family, table, name: 'published' }
}

export function publishedAtMap(table: string, family?: NftFamily): NftMap {
  return { family, table, name: 'published_at' }
}

/**
 * Returns the ports of a container that the kernel translates. The kernel does not translate
 * between IPv4 and IPv6, so a port needs an address of its family.
 */
export function elementsOf({
  ip,
  ip6,
  ports,
  proxiesPorts,
}: Pick<AttachmentRecord, 'ip' | 'ip6' | 'ports' | 'proxiesPorts'>): readonly PortTarget[] {
  if (proxiesPorts) return []
  return ports.flatMap((port) => {
    const target = portFamily(port) === 'ip' ? ip : ip6
    return target === undefined || port.hostIp === '::1' ? [] : [{ port, ip: target }]
  })
}

/** The family of the host's address. */
export function portFamily({ hostIp }: Pick<PublishedPort, 'hostIp'>): NftFamily {
  return ipVersion(hostIp) === 6 ? 'ip6' : 'ip'
}

/** Formats a published port as an element in nft's syntax: `published { tcp . 80 : 10.89.0.2 . 80 }`. */
export function formatElement(port: PublishedPort, ip: string): string {
  return `${formatKey(port, ` : ${ip} . ${port.containerPort}`)}`
}

/** Returns the command that deletes the element only if it still points to this container. */
export function formatRemoval(table: string, port: PublishedPort, ip: string): string {
  const place = `${portFamily(port)} ${table}`
  const add = `add element ${place} ${formatElement(port, ip)}`
  return `${add}; delete element ${place} ${formatKey(port, '')}`
}

function formatKey(port: PublishedPort, value: string): string {
  const key = `${port.protocol} . ${port.hostPort}`
  if (isEverywhere(port)) return `published { ${key}${value} }`
  return `published_at { ${port.hostIp} . ${key}${value} }`
}

/** The element in the kernel's encoding. */
export function encodeElement(table: string, port: PublishedPort, ip: string): NftElement {
  const family = portFamily(port)
  const key = encodePort(port.hostPort, port.protocol)
  const value = Uint8Array.from([...ipBytes(ip), ...encodePort(port.containerPort)])
  if (isEverywhere(port)) return { map: publishedMap(table, family), key, value }
  const at = Uint8Array.from([...ipBytes(port.hostIp), ...key])
  return { map: publishedAtMap(table, family), key: at, value }
}

/** Returns the port that an element publishes, and the container's address. */
export function decodeElement({ map, key, value }: NftElement): PortTarget {
  return decodePort({ isNew: map.family === 'ip6', key, value })
}

/** Whether the port is published on all addresses of its family. */
function isEverywhere(port: PublishedPort): boolean {
  return isWildcard(port) || port.hostIp === '::'
}
