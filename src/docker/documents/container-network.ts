import { type ContainerOutline, type NetworkChoice, networkNames, networksOf } from '#container'
import { findBuiltIn } from '#engine/network/network-details'
import type { NetworkPlace } from '#network'
import { listOrNull } from './container-config.ts'
import type { InspectDocument } from './document.ts'

/** `NetworkSettings`. The addresses are also at its top, where Docker had them before version 29. */
export function networkDocument(details: ContainerOutline): InspectDocument {
  const { id, settings, state, isRunning } = details
  const network = isRunning ? state.network : undefined
  const places = network?.networks ?? []
  const [first] = places
  const address = addressOf(id, isRunning, first)
  const exposed = isRunning ? settings.exposed : []
  const unpublished = Object.fromEntries(exposed.map((port) => [port, null]))
  return {
    SandboxID: isRunning ? id : '',
    SandboxKey: isRunning ? sandboxKey(details) : '',
    Ports: { ...unpublished, ...portMap(network?.ports ?? []) },
    Networks: Object.fromEntries(
      (settings.networkOf === undefined ? networkNames(settings) : []).map((name) => {
        const place = places.find((one) => one.name === name)
        const joined = { ...endpoint(details, name), ...addressOf(id, isRunning, place) }
        return [name, { ...joined, NetworkID: place?.id ?? findBuiltIn(name)?.id ?? '' }]
      }),
    ),
    ...address,
  }
}

/** What the user asked for. Only networks that users made know names. */
function endpoint({ id, name, settings }: ContainerOutline, network: string): InspectDocument {
  const choice = networksOf(settings).find((one) => one.name === network)
  const { ip, ip6, aliases = [], links = [], gatewayPriority = 0 } = choice ?? {}
  const ipam = { ...(ip && { IPv4Address: ip }), ...(ip6 && { IPv6Address: ip6 }) }
  const names = [name, ...aliases, id.slice(0, 12), settings.hostname]
  const hasNames = choice !== undefined && network !== 'bridge'
  return {
    IPAMConfig: Object.keys(ipam).length === 0 ? null : ipam,
    Links: listOrNull(
      hasNames ? links.map((link) => `${link.name ?? link.container}:${link.alias}`) : [],
    ),
    Aliases: aliases.length === 0 ? null : aliases,
    DriverOpts: driverOptions(choice?.endpoint),
    GwPriority: gatewayPriority,
    DNSNames: hasNames ? [...new Set(names)] : null,
  }
}

/** The options of an interface in the words in which they were given. */
function driverOptions(options: NetworkChoice['endpoint']): InspectDocument | null {
  const { device, sysctls } = options ?? {}
  if (device === undefined && sysctls === undefined) return null
  const prefix = 'com.docker.network.endpoint.'
  const settings = Object.entries(sysctls ?? {}).map(
    ([name, value]) => `net.${name.replaceAll('/', '.')}=${value}`,
  )
  return {
    ...(device !== undefined && { [`${prefix}ifname`]: device }),
    ...(settings.length > 0 && { [`${prefix}sysctls`]: settings.join(',') }),
  }
}

function addressOf(
  id: string,
  isRunning: boolean,
  place: NetworkPlace | undefined,
): InspectDocument {
  return {
    EndpointID: isRunning ? id : '',
    Gateway: place?.gateway ?? '',
    IPAddress: place?.ip ?? '',
    MacAddress: place?.mac ?? '',
    IPPrefixLen: place?.prefix ?? 0,
    IPv6Gateway: place?.ipv6?.gateway ?? '',
    GlobalIPv6Address: place?.ipv6?.ip ?? '',
    GlobalIPv6PrefixLen: place?.ipv6?.prefix ?? 0,
  }
}

/** The path of the network namespace, which `nsenter --net` accepts. */
function sandboxKey({ state }: ContainerOutline): string {
  const pid = state.process?.pid
  return state.network?.namespace ?? (pid === undefined ? '' : `/proc/${pid}/ns/net`)
}

interface PortBinding {
  readonly hostIp: string
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: string
}

/** Docker's map from a port of the container to those of the host. */
export function portMap(ports: readonly PortBinding[]): InspectDocument {
  const map: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { hostIp, hostPort, containerPort, protocol } of ports) {
    const key = `${containerPort}/${protocol}`
    map[key] = [...(map[key] ?? []), { HostIp: hostIp, HostPort: `${hostPort || ''}` }]
  }
  return map
}
