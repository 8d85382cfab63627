import { type Fields, member, object, objects, textMap } from '#docker/bodies/fields'
import { endpointChoice } from '#docker/bodies/networking'
import { networkInspectDocument } from '#docker/documents/network'
import { parseNetworkFilters } from '#docker/filters/network-filters'
import { parsePruneFilters } from '#docker/filters/prune-filters'
import { connectNetwork, disconnectNetwork } from '#engine/network/connections'
import {
  createNetwork,
  inspectNetwork,
  listNetworks,
  removeNetwork,
} from '#engine/network/networks'
import { pruneNetworks } from '#engine/store/prune'
import { isStrakeError, StrakeError } from '#oci'
import { readObject } from '../body.ts'
import type { ApiCall, ApiHandler } from '../call.ts'
import { containerId } from '../containers/find.ts'
import { ApiError } from '../failure.ts'
import { done, reply } from '../reply.ts'

/** `GET /networks`. */
export const list: ApiHandler = async ({ engine, query }) => {
  const networks = await listNetworks(engine, parseNetworkFilters(query.filters()))
  return reply(networks.map((network) => ({ ...networkInspectDocument(network), Containers: {} })))
}

/** `GET /networks/{id}`. */
export const inspect: ApiHandler = async (call) => {
  return reply(networkInspectDocument(await found(call)))
}

/** `POST /networks/create`. */
export const create: ApiHandler = async ({ engine, request }) => {
  const body = await readObject(request)
  const name = member(body, 'Name', 'string') ?? ''
  if (name === '') throw new ApiError(400, 'network name must be provided')
  const driver = member(body, 'Driver', 'string') || 'bridge'
  if (driver !== 'bridge') {
    throw new ApiError(
      404,
      `could not find plugin ${driver} in v1 plugin registry: plugin not found`,
    )
  }
  try {
    const id = await createNetwork(engine, {
      name,
      ...addressesOf(object(body, 'IPAM') ?? {}),
      isInternal: member(body, 'Internal', 'boolean'),
      labels: textMap(body, 'Labels'),
      options: textMap(body, 'Options'),
    })
    return reply({ Id: id, Warning: '' }, { status: 201 })
  } catch (error) {
    const isTaken = engine.records.networks.find(name)?.name === name
    if (!isStrakeError(error) || !isTaken) throw error
    throw new ApiError(409, `network with name ${name} already exists`, error)
  }
}

/** The first set of addresses. */
function addressesOf(ipam: Fields) {
  const [config = {}, ...more] = objects(ipam, 'Config') ?? []
  if (more.length > 0) throw new StrakeError('UNSUPPORTED', 'a network has one subnet here')
  return {
    subnet: member(config, 'Subnet', 'string') || undefined,
    gateway: member(config, 'Gateway', 'string') || undefined,
    ipRange: member(config, 'IPRange', 'string') || undefined,
    auxiliary: textMap(config, 'AuxiliaryAddresses'),
  }
}

/** `DELETE /networks/{id}`. */
export const remove: ApiHandler = async (call) => {
  await removeNetwork(call.engine, (await found(call)).name)
  return done()
}

/** `POST /networks/{id}/connect`. */
export const connect: ApiHandler = async (call) => {
  const body = await readObject(call.request)
  const { name } = await found(call)
  const settings = object(body, 'EndpointConfig') ?? {}
  await connectNetwork(call.engine, containerOf(call, body), endpointChoice(name, settings))
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
  return reply({ NetworksDeleted: networks })
}

function containerOf({ engine }: ApiCall, body: Fields): string {
  return containerId({ engine, params: { id: member(body, 'Container', 'string') ?? '' } })
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
