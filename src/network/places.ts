import { StrakeError } from '#oci'
import type { NftFamily } from '#platform'
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
  const all = networks.map((one) => ({ ...one, ...one.network, request: one }))
  const gateway = chooseGateway(all.filter(({ network }) => hasFamily(network, 'ip')))
  const gateway6 = chooseGateway(all.filter(({ network }) => hasFamily(network, 'ip6')))
  const attached: Attached[] = []
  try {
    for (const request of networks) {
      const { network, allocate, aliases, links, endpoint, mac } = request
      if (network === undefined) requireDefault(request.name)
      const isDefault = request === gateway?.request
      const isIpv6Default = request === gateway6?.request
      // The rules of the network with the default route translate the ports.
      const publishes = request === (gateway ?? gateway6)?.request
      const hostIp = network?.hostIp
      const place = await (await bridgeFor(network)).attach({
        ...{
          containerId,
          name,
          allocate,
          aliases,
          links,
          endpoint,
          mac,
          isDefault,
          isIpv6Default,
          signal,
        },
        isMore: attached.length > 0,
        ports: publishes ? ports.map((port) => ({ ...(hostIp && { hostIp }), ...port })) : [],
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

/** Returns the place where the ports of a container are published; `undefined` without one. */
export function publishingPlace(places: readonly NetworkPlace[]): NetworkPlace | undefined {
  return (
    places.find(({ hasPorts }) => hasPorts) ??
    chooseGateway(places.filter((place) => place.gateway !== undefined)) ??
    chooseGateway(places)
  )
}

/** The default network has IPv4 alone. */
function hasFamily(network: UserNetwork | undefined, family: NftFamily): boolean {
  if (network === undefined) return family === 'ip'
  return (family === 'ip' ? network.ipv4 : network.ipv6) !== undefined
}

function requireDefault(name: string): void {
  if (name === defaultNetwork) return
  throw new StrakeError('NOT_FOUND', `Cannot join network ${name}: network ${name} not found`, {
    remedy: 'list them with strake network ls',
  })
}

export function placeOf(
  { name, network, gatewayPriority }: NetworkRequest,
  { ip, prefix, gateway, ipv6, mac, device, proxiesPorts }: BridgeAttachment,
): NetworkPlace {
  const { id, isInternal } = network ?? {}
  const place = { ip, prefix, gateway, ipv6, mac, device, proxiesPorts }
  return { name, id, ...place, gatewayPriority, isInternal }
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

/** Sets the default routes of a running container to the networks that have them by the rule. */
export async function routeOutside(path: string, places: readonly NetworkPlace[]): Promise<void> {
  const { routeThrough } = await import('./bridge/connect.ts')
  const gateway = chooseGateway(places.filter((place) => place.gateway !== undefined))
  if (gateway?.gateway !== undefined) routeThrough(path, gateway.device, gateway.gateway)
  const gateway6 = chooseGateway(places.filter(({ ipv6 }) => ipv6 !== undefined))
  if (gateway6?.ipv6 !== undefined) routeThrough(path, gateway6.device, gateway6.ipv6.gateway)
}
