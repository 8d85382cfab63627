import type { AllocateAddress, NetworkRequest, UserNetwork } from '#network'
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
  { name, aliases = [], ip, mac, gatewayPriority }: NetworkChoice,
  signal?: AbortSignal,
): NetworkRequest {
  const record = name === defaultNetwork ? undefined : findNetwork({ records }, name)
  const allocate: AllocateAddress = ({ network: label, subnet, gateway }) =>
    records.write(() => {
      const network = record?.id ?? label
      // The removal of a network looks at its addresses in a transaction too.
      if (record !== undefined && records.networks.get(record.name)?.id !== record.id) {
        throw notFound(record.name)
      }
      records.addresses.release(containerId, network)
      const reserved = [gateway, ...Object.values(record?.auxiliary ?? {})]
      const range = record?.ipRange ?? undefined
      const request = { container: containerId, subnet, range, reserved, address: ip }
      return records.addresses.allocate(network, request)
    }, signal)
  // As in Docker, the beginning of its ID is a name of the container.
  const names = record === undefined ? aliases : [...aliases, containerId.slice(0, 12)]
  const network = record && userNetwork(record)
  return { name: record?.name ?? name, network, allocate, aliases: names, mac, gatewayPriority }
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
  const { id, name, subnet, gateway, isInternal, options } = record
  const mtu = Number(options[bridgeOption.mtu] ?? 0)
  return {
    ...{ id, name, subnet, gateway, isInternal },
    interfaceName: options[bridgeOption.name],
    mtu: mtu > 0 ? mtu : undefined,
    isIsolating: options[bridgeOption.connects] === 'false',
    keepsAddresses: options[bridgeOption.hidesAddresses] === 'false',
    hostIp: options[bridgeOption.hostIp],
  }
}

/** The options of a bridge, with the names that they have in records. */
export const bridgeOption = {
  name: 'com.docker.network.bridge.name',
  connects: 'com.docker.network.bridge.enable_icc',
  hidesAddresses: 'com.docker.network.bridge.enable_ip_masquerade',
  hostIp: 'com.docker.network.bridge.host_binding_ipv4',
  mtu: 'com.docker.network.driver.mtu',
} as const
