import { type Fields, member, object } from '#docker/bodies/fields'
import { addressProblem } from '#docker/bodies/network-checks'
import { endpointChoice } from '#docker/bodies/networking'
import type { InspectDocument } from '#docker/documents/document'
import { networkInspectDocument } from '#docker/documents/network'
import { parseNetworkFilters } from '#docker/filters/network-filters'
import { parsePruneFilters } from '#docker/filters/prune-filters'
import { connectNetwork, disconnectNetwork } from '#engine/network/connections'
import type { NetworkDetails } from '#engine/network/network-details'
import { inspectNetwork, listNetworks, removeNetwork } from '#engine/network/networks'
import { pruneNetworks } from '#engine/store/prune'
import { isStrakeError } from '#oci'
import { readObject } from '../body.ts'
import type { ApiCall, ApiHandler } from '../call.ts'
import { containerId } from '../containers/find.ts'
import { ApiError, withStatuses } from '../failure.ts'
import { done, orNull, reply } from '../reply.ts'

/** `GET /networks`. */
export const list: ApiHandler = async ({ engine, query }) => {
  const networks = await listNetworks(engine, parseNetworkFilters(query.filters()))
  return reply(networks.map(withoutContainers))
}

/** As in Docker, a list does not show who is in a network. */
function withoutContainers(network: NetworkDetails): InspectDocument {
  const { Containers, ...rest } = networkInspectDocument(network)
  return rest
}

/** `GET /networks/{id}`. */
export const inspect: ApiHandler = async (call) => {
  return reply(networkInspectDocument(await found(call)))
}

/** `DELETE /networks/{id}`. */
export const remove: ApiHandler = async (call) => {
  await withStatuses(removeNetwork(call.engine, (await found(call)).name), { CONFLICT: 403 })
  return done()
}

/** `POST /networks/{id}/connect`. */
export const connect: ApiHandler = async (call) => {
  const body = await readObject(call.request)
  const { name } = await found(call)
  const settings = object(body, 'EndpointConfig') ?? {}
  const problem = addressProblem(settings)
  if (problem !== undefined) throw new ApiError(400, problem)
  if (name === 'host' || name === 'none') {
    throw new ApiError(
      400,
      `cannot connect container to ${name} network - container must be created in ${name} network mode`,
    )
  }
  const joined = connectNetwork(
    call.engine,
    containerOf(call, body),
    endpointChoice(name, settings),
  )
  await withStatuses(joined, { CONFLICT: 403 })
  return done(200)
}

/** `POST /networks/{id}/disconnect`. */
export const disconnect: ApiHandler = async (call) => {
  const body = await readObject(call.request)
  const { name } = await found(call)
  const force = member(body, 'Force', 'boolean')
  await disconnectNetwork(call.engine, containerOf(call, body), { network: name, force })
  return done(200)
}

/** `POST /networks/prune`. */
export const prune: ApiHandler = async ({ engine, query }) => {
  const { networks } = await pruneNetworks(engine, { filter: parsePruneFilters(query.filters()) })
  return reply({ NetworksDeleted: orNull(networks) })
}

function containerOf({ engine }: ApiCall, body: Fields): string {
  const id = member(body, 'Container', 'string') ?? ''
  if (id === '') throw new ApiError(400, 'invalid name or ID supplied: ""')
  return containerId({ engine, params: { id } })
}

async function found({ engine, params }: ApiCall) {
  const name = params['id'] ?? ''
  try {
    return await inspectNetwork(engine, name)
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND')) throw error
    throw new ApiError(404, `network ${name} not found`, error)
  }
}
