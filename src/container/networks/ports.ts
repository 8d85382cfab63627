import { type PortRequest, type PublishedPort, publishingPlace, type UserNetwork } from '#network'
import { StrakeError } from '#oci'
import type { ContainerContext } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { networkNames } from '../model/settings.ts'
import type { NetworkState } from '../model/state.ts'
import { keepRecord } from '../recovery/restore.ts'
import { findNetwork, userNetwork } from '../setup/join-networks.ts'
import { findContainer } from '../verbs/find.ts'
import { keepState, requireBridged } from './connect.ts'

/**
 * Publishes more ports of a container: at once if it runs, and at every later start. Returns the
 * ports that are published now. Throws `CONFLICT` for a port in use, `NOT_FOUND`, and `DENIED` for a
 * container on the network `host` or `none`.
 */
export async function addPorts(
  context: ContainerContext,
  nameOrId: string,
  requests: readonly PortRequest[],
  signal?: AbortSignal,
): Promise<readonly PublishedPort[]> {
  const found = await findContainer(context, nameOrId)
  using _lock = await lockContainer(context, found, signal)
  const container = getContainer(context, found.id)
  requireBridged(container, 'bridge')
  const { settings, state } = container
  let added: readonly PublishedPort[] = []
  if (isRunning(container) && state.network !== undefined) {
    const { place, network } = publishing(context, container, state.network)
    const who = { containerId: container.id, name: container.name, signal }
    added = await context.networks.changePorts(who, network, { add: requests })
    await keepState(context, container, {
      ...state.network,
      networks: state.network.networks.map((one) =>
        one.name === place.name ? { ...one, hasPorts: true } : one,
      ),
      ports: [...state.network.ports, ...added],
    })
  }
  await keepPorts(context, container, [...settings.ports, ...requests])
  return added
}

/**
 * Ends published ports of a container: at once if it runs, and for every later start. Established
 * connections stay. A request without a port of the host means every one that leads to the port of
 * the container. Throws `NOT_FOUND` when a request means none.
 */
export async function removePorts(
  context: ContainerContext,
  nameOrId: string,
  requests: readonly PortRequest[],
): Promise<readonly PublishedPort[]> {
  const found = await findContainer(context, nameOrId)
  using _lock = await lockContainer(context, found)
  const container = getContainer(context, found.id)
  requireBridged(container, 'bridge')
  const { settings, state } = container
  const published = isRunning(container) ? (state.network?.ports ?? []) : []
  for (const request of requests) {
    if ([...published, ...settings.ports].some((port) => isMeant(request, port))) continue
    throw notPublished(container, request)
  }
  const isGone = (port: PortRequest): boolean => requests.some((one) => isMeant(one, port))
  const removed = published.filter(isGone)
  if (removed.length > 0 && state.network !== undefined) {
    const { network } = publishing(context, container, state.network)
    const who = { containerId: container.id, name: container.name }
    await context.networks.changePorts(who, network, { remove: removed })
    const ports = published.filter((port) => !isGone(port))
    await keepState(context, container, { ...state.network, ports })
  }
  const left = settings.ports.filter((port) => !isGone(port))
  // A port of the host that was chosen at the start is not in the settings.
  for (const port of removed) {
    const at = left.findIndex((request) => isChosenFor(request, port))
    if (at >= 0) left.splice(at, 1)
  }
  await keepPorts(context, container, left)
  return removed
}

/** Whether a request names a port: what it leaves out, it does not compare. */
function isMeant(request: PortRequest, port: PortRequest): boolean {
  return (
    request.containerPort === port.containerPort &&
    request.protocol === port.protocol &&
    (request.hostPort === 0 || request.hostPort === port.hostPort) &&
    (request.hostIp === undefined || request.hostIp === port.hostIp)
  )
}

/** Whether a published port was chosen for a request that left the choice. */
function isChosenFor(request: PortRequest, port: PublishedPort): boolean {
  const { hostIp = '0.0.0.0', hostPort, hostPortEnd = hostPort, containerPort, protocol } = request
  return (
    (hostPort === 0 || (port.hostPort >= hostPort && port.hostPort <= hostPortEnd)) &&
    hostIp === port.hostIp &&
    containerPort === port.containerPort &&
    protocol === port.protocol
  )
}

function publishing(
  context: ContainerContext,
  { name, settings }: Container,
  { networks }: NetworkState,
): { readonly place: NetworkState['networks'][number]; readonly network: UserNetwork | undefined } {
  const place = publishingPlace(networks)
  if (place === undefined) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot publish ports of ${name}: none of its networks (${networkNames(settings).join(', ')}) has a route outside`,
    )
  }
  const network = place.id === undefined ? undefined : userNetwork(findNetwork(context, place.id))
  return { place, network }
}

function notPublished(
  { name }: Container,
  { hostPort, containerPort, protocol }: PortRequest,
): StrakeError {
  const port = `${hostPort === 0 ? '' : `${hostPort}:`}${containerPort}/${protocol}`
  return new StrakeError(
    'NOT_FOUND',
    `Cannot end port ${port} of ${name}: the container does not publish it`,
    { remedy: `see all with strake port ${name}` },
  )
}

async function keepPorts(
  context: ContainerContext,
  { id, settings }: Container,
  ports: readonly PortRequest[],
): Promise<void> {
  const { records } = context
  const { state: _, ...record } = await records.write(() =>
    records.containers.update(id, { config: { ...settings, ports } }),
  )
  keepRecord(context, record)
}
