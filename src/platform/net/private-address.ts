import type { BlockList } from 'node:net'
import { ipVersion, net } from './ip-version.ts'

/**
 * Networks of this machine, of its neighbours and of the metadata services of clouds. No server of
 * the Internet has such an address.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const privateNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/127',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  // Each of these may contain any IPv4 address.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
]

/**
 * Networks of one link, and the metadata services that clouds have elsewhere. They give credentials of
 * the machine to every process that asks, and no registry is there.
 */
const linkNetworks = [
  '169.254.0.0/16',
  'fe80::/10',
  // 169.254.0.0/16 in an address of 6to4.
  '2002:a9fe::/32',
  // Amazon, Google, Alibaba, Oracle.
  'fd00:ec2::/32',
  'fd20:ce::/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
]

type Networks = readonly string[]

const lists = new Map<Networks, BlockList>()

function blockListOf(networks: Networks): BlockList {
  const known = lists.get(networks)
  if (known !== undefined) return known
  const made = new (net().BlockList)()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    made.addSubnet(address, Number(prefix), ipVersion(address) === 6 ? 'ipv6' : 'ipv4')
  }
  lists.set(networks, made)
  return made
}

/** True for the text of an address in a private network; false for any other text. */
export function isPrivateAddress(address: string): boolean {
  return isIn(privateNetworks, address)
}

/** True for the text of a link-local address or of that of a metadata service of a cloud. */
export function isLinkAddress(address: string): boolean {
  return isIn(linkNetworks, address)
}

function isIn(networks: Networks, address: string): boolean {
  const version = ipVersion(address)
  if (version === 0) return false
  const family = version === 6 ? 'ipv6' : 'ipv4'
  const carried = family === 'ipv6' ? carriedAddress(address) : undefined
  if (carried !== undefined) return isIn(networks, carried)
  return blockListOf(networks).check(address, family)
}

/** Returns the IPv4 address inside an IPv4-mapped or NAT64 address. */
function carriedAddress(address: string): string | undefined {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const match = /^(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (match === null) return undefined
  const [high, low] = [Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
