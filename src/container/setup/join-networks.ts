import type {
  AllocateAddress,
  IpvlanFlag,
  IpvlanMode,
  MacvlanMode,
  NetworkRequest,
  UserNetwork,
} from '#network'
import { defaultNetwork } from '#network'
import { StrakeError } from '#oci'
import type { NetworkRecord } from '#records'
import type { ContainerContext } from '../model/context.ts'
import type { NetworkChoice } from '../model/options.ts'

type Context = Pick<ContainerContext, 'records'>

/** Makes the request for a network that a container joins. Throws `NOT_FOUND`. */
export function requestNetwork(
  { records }: Context,
  containerId: string,
  choice: NetworkChoice,
  signal?: AbortSignal,
): NetworkRequest {
  const { name, aliases = [], links, endpoint, ip, ip6, mac, gatewayPriority } = choice
  const record = name === defaultNetwork ? undefined : findNetwork({ records }, name)
  if (record?.traits.isConfigOnly) throw isTemplate(record.name)
  const others = Object.values(record?.auxiliary ?? {})
  const allocate: AllocateAddress = ({ network: label, ipv4, ipv6 }) =>
    records.write(() => {
      const network = record?.id ?? label
      // The removal of a network looks at its addresses in a transaction too.
      if (record !== undefined && records.networks.get(record.name)?.id !== record.id) {
        throw notFound(record.name)
      }
      records.addresses.release(containerId, network)
      const take = (
        block: typeof ipv4,
        wanted: { readonly range: string | undefined; readonly address: string | undefined },
      ): string | undefined => {
        if (block === undefined) {
          if (wanted.address === undefined) return undefined
          throw withoutFamily(name, wanted.address)
        }
        const { subnet, gateway } = block
        const request = { container: containerId, subnet, reserved: [gateway, ...others] }
        return records.addresses.allocate(network, { ...request, ...wanted })
      }
      return {
        ip: take(ipv4, { range: record?.ipv4?.ipRange, address: ip }),
        ip6: take(ipv6, { range: record?.ipv6?.ipRange, address: ip6 }),
      }
    }, signal)
  // As in Docker, the beginning of its ID is a name of the container.
  const names = record === undefined ? aliases : [...aliases, containerId.slice(0, 12)]
  const network = record && userNetwork(record)
  const wishes = { aliases: names, links, endpoint, mac, gatewayPriority }
  return { name: record?.name ?? name, network, allocate, ...wishes }
}

function isTemplate(network: string): StrakeError {
  return new StrakeError(
    'DENIED',
    `Cannot join network ${network}: it is a configuration network, which containers cannot join`,
    { remedy: `strake network create --config-from ${network} NAME, and join that` },
  )
}

function withoutFamily(network: string, address: string): StrakeError {
  const family = address.includes(':') ? 'IPv6' : 'IPv4'
  return new StrakeError(
    'INVALID',
    `Cannot use address ${address} on network ${network}: the network has no ${family} addresses`,
    address.includes(':') ? { remedy: 'create a network with --ipv6' } : {},
  )
}

/** Finds a network by its name, its ID or the beginning of its ID. Throws `NOT_FOUND`. */
export function findNetwork({ records }: Context, text: string): NetworkRecord {
  const record = records.networks.find(text)
  if (record !== undefined) return record
  throw notFound(text)
}

function notFound(text: string): StrakeError {
  return new StrakeError('NOT_FOUND', `Cannot find network ${text}: network ${text} not found`, {
    remedy: 'list them with strake network ls',
  })
}

/** The network of a record. Its options were checked when it was made. */
export function userNetwork(record: NetworkRecord): UserNetwork {
  const { id, name, ipv4, ipv6, isInternal, options } = record
  const mtu = Number(options[bridgeOption.mtu] ?? 0)
  const firewall = options[bridgeOption.firewall]
  const lan = lanOf(record)
  return {
    ...{ id, name, ipv4: ipv4 ?? undefined, ipv6: ipv6 ?? undefined, isInternal },
    ...(lan && { lan, parent: options[lanOption.parent] }),
    interfaceName: options[bridgeOption.name],
    mtu: mtu > 0 ? mtu : undefined,
    isIsolating: options[bridgeOption.connects] === 'false',
    keepsAddresses: options[bridgeOption.hidesAddresses] === 'false',
    hostIp: options[bridgeOption.hostIp],
    proxiesPorts: firewall === undefined ? undefined : firewall === 'respect',
  }
}

/** The options of a bridge, with the names that they have in records. */
export const bridgeOption = {
  name: 'com.docker.network.bridge.name',
  connects: 'com.docker.network.bridge.enable_icc',
  hidesAddresses: 'com.docker.network.bridge.enable_ip_masquerade',
  hostIp: 'com.docker.network.bridge.host_binding_ipv4',
  mtu: 'com.docker.network.driver.mtu',
  /** Only strake has it: `respect` or `bypass`. */
  firewall: 'port.firewall',
} as const

/** The options of the drivers `macvlan` and `ipvlan`. */
export const lanOption = {
  parent: 'parent',
  macvlanMode: 'macvlan_mode',
  ipvlanMode: 'ipvlan_mode',
  ipvlanFlag: 'ipvlan_flag',
} as const

function lanOf({ driver, options }: NetworkRecord): UserNetwork['lan'] {
  if (driver === 'macvlan') {
    return { driver, mode: (options[lanOption.macvlanMode] ?? 'bridge') as MacvlanMode }
  }
  if (driver !== 'ipvlan') return undefined
  const mode = (options[lanOption.ipvlanMode] ?? 'l2') as IpvlanMode
  return { driver, mode, flag: (options[lanOption.ipvlanFlag] ?? 'bridge') as IpvlanFlag }
}
