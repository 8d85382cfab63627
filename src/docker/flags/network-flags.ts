import type { ContainerOptions, NetworkChoice } from '#container'
import { formatIpv6, parseAddress, parseIpv6 } from '#platform'
import { withDriverOption, withLinkLocal } from './network/endpoint-flags.ts'
import { refuse } from './refuse.ts'

/** The flags of `run` and `create` about networks, as texts. */
export interface NetworkRequestFlags {
  /** Names of networks, or `name=back,alias=db,ip=10.5.0.9`. */
  readonly networks?: readonly string[] | undefined
  /** Aliases of the container on the first network. */
  readonly aliases?: readonly string[] | undefined
  /** The address of the container on the first network. */
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  readonly linkLocalIps?: readonly string[] | undefined
  /** The MAC address of the container on the first network. */
  readonly mac?: string | undefined
  /** Other containers on the first network: `NAME[:ALIAS]`. */
  readonly links?: readonly string[] | undefined
}

type Parsed = Pick<ContainerOptions, 'network' | 'networkOf' | 'networks' | 'ip'>

/** Reads the networks of a container. Throws `INVALID`. */
export function parseNetworks(flags: NetworkRequestFlags): Parsed {
  const { networks = [], aliases = [], links = [], ip, ip6, mac, linkLocalIps } = flags
  const shared = networks.find((text) => text.startsWith(containerMode))
  if (shared !== undefined) return joinContainer(flags, shared)
  const choices = networks.map(parseNetwork)
  const kind = choices.map(({ name }) => name).find((name) => name === 'host' || name === 'none')
  const [first] = choices
  if (kind === 'host' || kind === 'none') {
    if (choices.length > 1) throw conflicting(networks)
    if (aliases[0] !== undefined) throw withoutNames(kind, aliases[0])
    const address = ip ?? ip6
    if (address !== undefined) {
      const flag = ip === undefined ? '--ip6' : '--ip'
      throw refuse(flag, address, `the network ${kind} gives no addresses`)
    }
    const local = linkLocalIps?.[0]
    if (local !== undefined) {
      throw refuse('--link-local-ip', local, `the network ${kind} gives no addresses`)
    }
    if (links[0] !== undefined) throw refuse('--link', links[0], `the network ${kind} has no names`)
    return { network: kind }
  }
  const isUsual = first === undefined || (choices.length === 1 && first.name === 'bridge')
  if (isUsual && aliases[0] !== undefined) throw withoutNames('bridge', aliases[0])
  const addresses = [ip6, first?.ip6, mac, first?.mac, first?.endpoint, linkLocalIps]
  const hasMore = [...addresses, links[0]].some((one) => one !== undefined)
  if (isUsual && !hasMore) {
    return { network: first === undefined ? undefined : 'bridge', ip: ip ?? first?.ip }
  }
  const joined = withFlags(first ?? { name: 'bridge' }, flags)
  return { network: 'bridge', networks: distinct([joined, ...choices.slice(1)]) }
}

/** Adds the flags that are about the first network. */
function withFlags(choice: NetworkChoice, flags: NetworkRequestFlags): NetworkChoice {
  const { aliases = [], links = [], ip, ip6, mac, linkLocalIps } = flags
  const twice = [
    { flag: '--ip', text: ip, other: choice.ip },
    { flag: '--ip6', text: ip6, other: choice.ip6 },
    { flag: '--mac-address', text: mac, other: choice.mac },
  ].find(({ text, other }) => text !== undefined && other !== undefined)
  if (twice !== undefined) {
    throw refuse(twice.flag, twice.text ?? '', `--network has another one, ${twice.other}`)
  }
  return {
    ...choice,
    aliases: [...(choice.aliases ?? []), ...aliases],
    links: links.length === 0 ? undefined : links.map(parseLink),
    ip: choice.ip ?? ip,
    ip6: choice.ip6 ?? (ip6 === undefined ? undefined : parseIp6('--ip6', ip6)),
    ...(linkLocalIps && { endpoint: withLinkLocal(choice.endpoint, linkLocalIps) }),
    mac: choice.mac ?? (mac === undefined ? undefined : parseMac('--mac-address', mac)),
  }
}

const containerMode = 'container:'

/** Reads `container:NAME`. The options about the network then belong to the other container. */
function joinContainer(flags: NetworkRequestFlags, text: string): Parsed {
  const { networks = [], aliases = [], links = [], ip, ip6, mac } = flags
  const name = text.slice(containerMode.length)
  if (name === '') throw refuse('--network', text, 'it names no container')
  if (networks.length > 1) throw conflicting(networks)
  const given = [
    { flag: '--network-alias', value: aliases[0] },
    { flag: '--link', value: links[0] },
    { flag: '--ip', value: ip },
    { flag: '--ip6', value: ip6 },
    { flag: '--link-local-ip', value: flags.linkLocalIps?.[0] },
    { flag: '--mac-address', value: mac },
  ].find(({ value }) => value !== undefined)
  if (given !== undefined) {
    throw refuse(given.flag, given.value ?? '', `the network is that of container ${name}`)
  }
  return { network: 'none', networkOf: name }
}

/** Reads `NAME[:ALIAS]`. Throws `INVALID`. */
export function parseLink(text: string): NonNullable<NetworkChoice['links']>[number] {
  const [container = '', alias = container, ...more] = text.split(':')
  const isName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$/
  if (!isName.test(container) || !isName.test(alias) || more.length > 0) {
    throw refuse('--link', text, 'expected CONTAINER[:ALIAS]')
  }
  return { container, alias }
}

function distinct(choices: readonly NetworkChoice[]): readonly NetworkChoice[] {
  const names = choices.map(({ name }) => name)
  const again = names.find((name, index) => names.indexOf(name) !== index)
  if (again === undefined) return choices
  throw refuse('--network', again, 'the network is given twice')
}

function parseNetwork(text: string): NetworkChoice {
  if (!text.includes('=')) return { name: networkName(text) }
  let choice: NetworkChoice = { name: '' }
  for (const part of text.split(',')) {
    const at = part.indexOf('=')
    const [key, value] = [part.slice(0, at), part.slice(at + 1)]
    choice = { ...choice, ...readMember(text, { key, value, choice }) }
  }
  if (choice.name === '') throw refuse('--network', text, 'it has no name=')
  return choice
}

function readMember(
  text: string,
  member: { readonly key: string; readonly value: string; readonly choice: NetworkChoice },
): Partial<NetworkChoice> {
  const { key, value, choice } = member
  const { aliases = [], endpoint } = choice
  switch (key) {
    case 'name':
      return { name: networkName(value) }
    case 'alias':
      return { aliases: [...aliases, value] }
    case 'ip':
      if (parseAddress(value) === undefined) break
      return { ip: value }
    case 'ip6':
      return { ip6: parseIp6('--network', value) }
    case 'mac-address':
      return { mac: parseMac('--network', value) }
    case 'gw-priority':
      if (!/^[+-]?\d{1,9}$/.test(value)) break
      return { gatewayPriority: Number(value) }
    case 'link-local-ip':
      return { endpoint: withLinkLocal(endpoint, [value]) }
    case 'driver-opt':
      return { endpoint: withDriverOption(endpoint, value) }
    default:
      throw refuse('--network', text, `${key || 'a word without ='} is unknown`)
  }
  throw refuse('--network', text, `the value of ${key} is malformed`)
}

/** Docker's two names of the default network. */
function networkName(text: string): string {
  if (text === '') throw refuse('--network', text, 'no name set for network')
  return text === 'default' ? 'bridge' : text
}

function parseIp6(flag: string, text: string): string {
  const address = parseIpv6(text)
  if (address !== undefined) return formatIpv6(address)
  throw refuse(flag, text, 'expected an IPv6 address, such as fd00::9')
}

/** An address of one interface. The kernel refuses one of a group. */
function parseMac(flag: string, text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':')
  const isOne = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) && mac !== '00:00:00:00:00:00'
  const isGroup = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
  if (isOne && !isGroup) return mac
  throw refuse(flag, text, 'expected the address of one interface, such as 02:42:ac:11:00:02')
}

function conflicting(networks: readonly string[]): Error {
  const reason = 'a container joins several networks only if a user made them'
  return refuse('--network', networks.join(' '), reason)
}

function withoutNames(network: string, alias: string, flag = '--network-alias'): Error {
  const reason = `network-scoped aliases are only supported for user-defined networks, and ${network} is not one`
  return refuse(flag, alias, reason)
}

/** Reads the flags of `network connect`. Throws `INVALID`. */
export function parseConnection(flags: {
  readonly network: string
  readonly aliases?: readonly string[] | undefined
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  readonly links?: readonly string[] | undefined
  readonly linkLocalIps?: readonly string[] | undefined
  readonly driverOptions?: readonly string[] | undefined
  readonly gatewayPriority?: number | undefined
}): NetworkChoice {
  const { network, aliases, ip, ip6, links, gatewayPriority } = flags
  const { linkLocalIps, driverOptions = [] } = flags
  if (ip !== undefined && parseAddress(ip) === undefined) {
    throw refuse('--ip', ip, 'expected an IPv4 address')
  }
  const name = networkName(network)
  if (name === 'bridge' && aliases?.[0] !== undefined)
    throw withoutNames(name, aliases[0], '--alias')
  const own = ip6 === undefined ? undefined : parseIp6('--ip6', ip6)
  const wishes = linkLocalIps && withLinkLocal(undefined, linkLocalIps)
  const endpoint = driverOptions.reduce(withDriverOption, wishes)
  const names = { aliases, links: links?.map(parseLink) }
  return { name, ...names, ip, ip6: own, endpoint, gatewayPriority }
}
