import { addressBytes, parseAddress } from './ipv4.ts'

/** A block of IPv6 addresses: the network's first address and the length of its prefix. */
export interface Subnet6 {
  readonly base: bigint
  readonly prefix: number
}

/** Reads an IPv6 address of RFC 4291 section 2.2, without a zone. Returns `undefined` for any other text. */
export function parseIpv6(text: string): bigint | undefined {
  const [before = '', after, ...more] = text.split('::')
  if (more.length > 0 || text.length > 45) return undefined
  const head = readGroups(before, after === undefined)
  const tail = readGroups(after ?? '', true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (after === undefined ? missing !== 0 : missing < 1) return undefined
  const zeros = Array.from({ length: missing }, () => 0)
  return [...head, ...zeros, ...tail].reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
}

/** Returns 16-bit groups. The last two of an address may be written as an IPv4 address. */
function readGroups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const ipv4 = isEnd && index === parts.length - 1 ? parseAddress(part) : undefined
    if (ipv4 !== undefined) groups.push(ipv4 >>> 16, ipv4 & 0xffff)
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** Formats an address as RFC 5952 recommends: the first longest run of zeros is `::`. */
export function formatIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => (address >> BigInt(112 - 16 * i)) & 0xffffn)
  let longest = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0n) length++
    if (length > longest.length) longest = { start, length }
  }
  const text = (part: readonly bigint[]): string =>
    part.map((group) => group.toString(16)).join(':')
  if (longest.length === 1) return text(groups)
  const end = longest.start + longest.length
  return `${text(groups.slice(0, longest.start))}::${text(groups.slice(end))}`
}

/** Returns the sixteen bytes of an address, in network order. */
export function ipv6Bytes(address: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => Number((address >> BigInt(120 - 8 * i)) & 0xffn))
}

/** Returns the bytes of an IPv4 or IPv6 address, in network order. */
export function ipBytes(text: string): Uint8Array {
  return text.includes(':') ? ipv6Bytes(parseIpv6(text) ?? 0n) : addressBytes(text)
}

/** Reads an address from sixteen bytes. */
export function ipv6Of(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** Reads `fd00::/64`. Returns `undefined` when it is malformed or has bits set behind the prefix. */
export function parseSubnet6(text: string): Subnet6 | undefined {
  const [address = '', length = '', ...rest] = text.split('/')
  const base = parseIpv6(address)
  if (base === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return undefined
  const prefix = Number(length)
  if (prefix > 128 || subnet6Of(base, prefix).base !== base) return undefined
  return { base, prefix }
}

export function formatSubnet6({ base, prefix }: Subnet6): string {
  return `${formatIpv6(base)}/${prefix}`
}

/** Returns the subnet of `address` with a prefix of this length. */
export function subnet6Of(address: bigint, prefix: number): Subnet6 {
  const shift = BigInt(128 - prefix)
  return { base: (address >> shift) << shift, prefix }
}

export function contains6(subnet: Subnet6, address: bigint): boolean {
  return subnet6Of(address, subnet.prefix).base === subnet.base
}

export function overlaps6(a: Subnet6, b: Subnet6): boolean {
  return a.prefix <= b.prefix ? contains6(a, b.base) : contains6(b, a.base)
}

/** Returns the address with all bits behind the prefix set. */
export function lastIpv6({ base, prefix }: Subnet6): bigint {
  return base + (1n << BigInt(128 - prefix)) - 1n
}
