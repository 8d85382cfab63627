/** A block of IPv4 addresses: the network's first address and the length of its prefix. */
export interface Subnet {
  readonly base: number
  readonly prefix: number
}

/** Reads an IPv4 address as a number. Returns `undefined` for anything but four decimal bytes. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let address = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    address = address * 256 + Number(part)
  }
  return address
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/** Returns the four bytes of an address, in network order. */
export function addressBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number)
}

/** Reads `10.89.0.0/16`. Returns `undefined` when it is malformed or has bits set behind the prefix. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = '', length = '', ...rest] = text.split('/')
  const base = parseAddress(address)
  if (base === undefined || rest.length > 0 || !/^\d{1,2}$/.test(length)) return undefined
  const prefix = Number(length)
  if (prefix > 32 || (base & ~mask(prefix)) !== 0) return undefined
  return { base, prefix }
}

export function formatSubnet({ base, prefix }: Subnet): string {
  return `${formatAddress(base)}/${prefix}`
}

/** Returns the subnet of `address` with a prefix of this length. */
export function subnetOf(address: number, prefix: number): Subnet {
  return { base: (address & mask(prefix)) >>> 0, prefix }
}

export function contains(subnet: Subnet, address: number): boolean {
  return subnetOf(address, subnet.prefix).base === subnet.base
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.prefix <= b.prefix ? contains(a, b.base) : contains(b, a.base)
}

/** Returns the address with all host bits set. */
export function lastAddress({ base, prefix }: Subnet): number {
  return (base | ~mask(prefix)) >>> 0
}

/**
 * Derives the hardware address from the IP address, or from the last four bytes of an IPv6 address, so that a neighbour's cache entry
 * from an earlier container with the same IP address stays right.
 */
export function macOf(bytes: Uint8Array): string {
  return ['02', '42', ...[...bytes.slice(-4)].map(hexByte)].join(':')
}

export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16))
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function mask(prefix: number): number {
  return prefix === 0 ? 0 : (~0 << (32 - prefix)) >>> 0
}
