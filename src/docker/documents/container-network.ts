import type { ContainerDetails } from '#container'
import type { InspectDocument } from './document.ts'

/** `NetworkSettings`, with the addresses at its top too: Docker 29 has them below `Networks` alone. */
export function networkDocument(details: ContainerDetails): InspectDocument {
  const { id, settings, state, isRunning } = details
  const network = isRunning ? state.network : undefined
  const address = {
    EndpointID: isRunning ? id : '',
    Gateway: network?.gateway ?? '',
    IPAddress: network?.ip ?? '',
    MacAddress: network?.mac ?? '',
    IPPrefixLen: network?.prefix ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
  }
  const unpublished = Object.fromEntries(settings.exposed.map((port) => [port, null]))
  return {
    SandboxID: isRunning ? id : '',
    SandboxKey: isRunning ? sandboxKey(details) : '',
    Ports: { ...unpublished, ...portMap(network?.ports ?? []) },
    Networks: {
      [settings.network]: {
        IPAMConfig: settings.ip === undefined ? null : { IPv4Address: settings.ip },
        Links: null,
        Aliases: null,
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: settings.network,
        ...address,
        DNSNames: null,
      },
    },
    ...address,
  }
}

/** A file that stands for the network namespace, as `nsenter --net` takes it. */
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
