import type { ContainerDetails } from '#container'
import type { NetworkPlace } from '#network'
import type { InspectDocument } from './document.ts'

/** `NetworkSettings`. The addresses are also at its top, where Docker had them before version 29. */
export function networkDocument(details: ContainerDetails): InspectDocument {
  const { id, settings, state, isRunning } = details
  const network = isRunning ? state.network : undefined
  const places = network?.networks ?? []
  const [first] = places
  const address = addressOf(id, isRunning, first)
  const unpublished = Object.fromEntries(settings.exposed.map((port) => [port, null]))
  return {
    SandboxID: isRunning ? id : '',
    SandboxKey: isRunning ? sandboxKey(details) : '',
    Ports: { ...unpublished, ...portMap(network?.ports ?? []) },
    Networks: Object.fromEntries(
      (places.length === 0 ? [undefined] : places).map((place) => {
        const name = place?.name ?? settings.network
        return [name, { ...endpoint(name, settings.ip), ...addressOf(id, isRunning, place) }]
      }),
    ),
    ...address,
  }
}

function endpoint(name: string, ip: string | undefined): InspectDocument {
  return {
    IPAMConfig: ip === undefined ? null : { IPv4Address: ip },
    Links: null,
    Aliases: null,
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: name,
    DNSNames: null,
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
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
  }
}

/** The path of the network namespace, which `nsenter --net` accepts. */
function sandboxKey({ state }: ContainerDetails): string {
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
