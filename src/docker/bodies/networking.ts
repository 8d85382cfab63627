import type { NetworkChoice } from '#container'
import type { RunOptions } from '#engine/container/run'
import { StrakeError } from '#oci'
import { withDriverOption, withLinkLocal } from '../flags/network/endpoint-flags.ts'
import { parseLink, parseNetworks } from '../flags/network-flags.ts'
import { type Fields, member, object, textMap, texts } from './fields.ts'

type Networks = Pick<RunOptions, 'network' | 'networkOf' | 'networks' | 'ip'>

/** Docker's words for "the default network". */
const usual = ['', 'default', 'bridge']

/**
 * Reads `NetworkMode` of `HostConfig` and `EndpointsConfig` of `NetworkingConfig`. The first is the
 * network with the default route. Throws `INVALID`.
 */
export function readNetworks(body: Fields, host: Fields): Networks {
  const mode = member(host, 'NetworkMode', 'string') ?? ''
  const config = object(object(body, 'NetworkingConfig') ?? {}, 'EndpointsConfig') ?? {}
  if (member(body, 'NetworkDisabled', 'boolean')) return { network: 'none' }
  const first = usual.includes(mode) ? 'bridge' : mode
  const others = Object.keys(config).filter((name) => !isSame(name, first))
  const names = [first, ...others]
  if (names.length === 1 && (first === 'host' || first === 'none')) return { network: first }
  const choices = names.map((name) => {
    const key = Object.keys(config).find((one) => isSame(one, name))
    return readEndpoint(name, key === undefined ? {} : (object(config, key) ?? {}))
  })
  const [linksOfFirst = [], ...otherLinks] = choices.map(({ links }) => links)
  // The Docker CLI and Compose name the same links in both places.
  const linksOfHost = (texts(host, 'Links') ?? []).filter((link) => !linksOfFirst.includes(link))
  const parsed = parseNetworks({
    networks: choices.map(({ text }) => text),
    links: [...linksOfHost, ...linksOfFirst],
  })
  return { ...parsed, networks: parsed.networks?.map(withLinks([[], ...otherLinks])) }
}

/** Adds the links of further networks, which no flag names. */
const withLinks =
  (links: readonly (readonly string[])[]) =>
  (choice: NetworkChoice, index: number): NetworkChoice => {
    const more = links[index]?.map(parseLink) ?? []
    return more.length === 0 ? choice : { ...choice, links: [...(choice.links ?? []), ...more] }
  }

const isSame = (name: string, other: string): boolean =>
  name === other || (usual.includes(name) && usual.includes(other))

/** Reads the settings of a container on one network, as a value of `--network`. */
function readEndpoint(
  name: string,
  settings: Fields,
): { readonly text: string; readonly links: readonly string[] } {
  const choice = endpointChoice(name, settings)
  if (/[,=]/.test(name)) throw new StrakeError('INVALID', `network ${name} not found`)
  const fields = [
    `name=${name}`,
    ...(choice.aliases ?? []).map((alias) => `alias=${alias}`),
    ...(choice.ip === undefined ? [] : [`ip=${choice.ip}`]),
    ...(choice.ip6 === undefined ? [] : [`ip6=${choice.ip6}`]),
    ...(choice.mac === undefined ? [] : [`mac-address=${choice.mac}`]),
    ...(choice.gatewayPriority === undefined ? [] : [`gw-priority=${choice.gatewayPriority}`]),
    ...linkLocalIps(settings).map((address) => `link-local-ip=${address}`),
    ...driverOptions(settings).map((option) => `driver-opt=${option}`),
  ]
  const links = texts(settings, 'Links') ?? []
  return { text: fields.length === 1 ? name : fields.join(','), links }
}

const linkLocalIps = (settings: Fields): readonly string[] =>
  texts(object(settings, 'IPAMConfig') ?? {}, 'LinkLocalIPs') ?? []

/** The options of an interface, one setting each. Others are ignored, as in Docker. */
function driverOptions(settings: Fields): readonly string[] {
  const prefix = 'com.docker.network.endpoint.'
  return Object.entries(textMap(settings, 'DriverOpts') ?? {}).flatMap(([name, value]) => {
    if (name === `${prefix}ifname`) return [`${name}=${value}`]
    return name === `${prefix}sysctls` ? value.split(',').map((one) => `${name}=${one}`) : []
  })
}

function endpointOptions(settings: Fields): NetworkChoice['endpoint'] {
  const [addresses, options] = [linkLocalIps(settings), driverOptions(settings)]
  const start = addresses.length === 0 ? undefined : withLinkLocal(undefined, addresses)
  return options.reduce(withDriverOption, start)
}

/** Reads the `EndpointConfig` of one network. */
export function endpointChoice(name: string, settings: Fields): NetworkChoice {
  const addresses = object(settings, 'IPAMConfig') ?? {}
  return {
    name,
    endpoint: endpointOptions(settings),
    aliases: texts(settings, 'Aliases'),
    links: texts(settings, 'Links')?.map(parseLink),
    ip: member(addresses, 'IPv4Address', 'string') || undefined,
    ip6: member(addresses, 'IPv6Address', 'string') || undefined,
    mac: member(settings, 'MacAddress', 'string') || undefined,
    gatewayPriority: member(settings, 'GwPriority', 'number') || undefined,
  }
}
