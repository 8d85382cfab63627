import { parseAddress } from './ipv4.ts'

/** `node:net`, loaded at the first call: it loads streams too, which takes milliseconds. */
export const net = (): typeof import('node:net') => process.getBuiltinModule('node:net')

/** Returns 4 or 6 for the text of an IP address, 0 for any other text. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (parseAddress(text) !== undefined) return 4
  return text.includes(':') && net().isIPv6(text) ? 6 : 0
}
