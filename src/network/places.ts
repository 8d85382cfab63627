import { StrakeError } from '#oci'
import type { BridgeAttachment, BridgeNetwork } from './bridge/bridge-network.ts'
import {
  type AttachOptions,
  defaultNetwork,
  type NetworkPlace,
  type NetworkRequest,
} from './model.ts'
import type { UserNetwork } from './user-network.ts'

export interface Attached {
  readonly place: NetworkPlace
  readonly ports: BridgeAttachment['ports']
}

/** Attaches a container to all networks or to none. Ports are published where its default route is. */
export async function attachAll(
  { containerId, name = '', networks = [], ports = [], signal }: AttachOptions,
  bridgeFor: (network: UserNetwork | undefined) => Promise<BridgeNetwork>,
  detach: (containerId: string) => Promise<void>,
): Promise<readonly Attached[]> {
  const gateway = chooseGateway(networks.map((one) => ({ ...one, ...one.network, request: one })))
  const attached: Attached[] = []
  try {
    for (const request of networks) {
      const { network, allocate, aliases, mac } = request
      if (network === undefined) requireDefault(request.name)
      const isDefault = request === gateway?.request
      const hostIp = network?.hostIp
      const place = await (await bridgeFor(network)).attach({
        ...{ containerId, name, allocate, aliases, mac, isDefault, signal },
        isMore: attached.length > 0,
        ports: isDefault ? ports.map((port) => ({ ...(hostIp && { hostIp }), ...port })) : [],
      })
      const hasPorts = place.ports.length > 0 ? true : undefined
      attached.push({ place: { ...placeOf(request, place), hasPorts }, ports: place.ports })
    }
    return attached
  } catch (error) {
    if (attached.length > 0) await detach(containerId)
    throw error
  }
}

function requireDefault(name: string): void {
  if (name === defaultNetwork) return
  throw new StrakeError('NOT_FOUND', `Cannot join network ${name}: network ${name} not found`, {
    remedy: 'list them with strake network ls',
  })
}

export function placeOf(
  { name, network, gatewayPriority }: NetworkRequest,
  { ip, prefix, gateway, mac, device }: BridgeAttachment,
): NetworkPlace {
  const { id, isInternal } = network ?? {}
  return { name, id, device, ip, prefix, gateway, mac, gatewayPriority, isInternal }
}

/** As in Docker, the highest priority wins, and the first name among equal ones. */
export function chooseGateway<
  One extends Pick<NetworkPlace, 'name' | 'gatewayPriority' | 'isInternal'>,
>(places: readonly One[]): One | undefined {
  return places
    .filter(({ isInternal }) => !isInternal)
    .toSorted(
      (a, b) => (b.gatewayPriority ?? 0) - (a.gatewayPriority ?? 0) || (a.name < b.name ? -1 : 1),
    )
    .at(0)
}

/** Sets the default route of a running container to the network that has it by the rule. */
export async function routeOutside(path: string, places: readonly NetworkPlace[]): Promise<void> {
  const gateway = chooseGateway(places)
  if (gateway === undefined) return
  const { routeThrough } = await import('./bridge/connect.ts')
  routeThrough(path, gateway.device, gateway.gateway)
}
