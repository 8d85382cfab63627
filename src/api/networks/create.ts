import { type Fields, member, object } from '#docker/bodies/fields'
import { parseNetworkBody } from '#docker/bodies/network-body'
import { createNetwork } from '#engine/network/networks'
import { readObject } from '../body.ts'
import type { ApiHandler } from '../call.ts'
import { ApiError, withStatuses } from '../failure.ts'
import { reply } from '../reply.ts'

/** `POST /networks/create`. */
export const create: ApiHandler = async ({ engine, request }) => {
  const body = await readObject(request)
  const name = member(body, 'Name', 'string') ?? ''
  if (name === '') throw new ApiError(400, 'invalid name: name is empty')
  refuseUnknown(name, body)
  const isTaken = (): boolean => engine.records.networks.find(name)?.name === name
  if (isTaken()) throw taken(name)
  const made = createNetwork(engine, parseNetworkBody(body))
  const id = await withStatuses(made, { CONFLICT: 403 }).catch((error) => {
    // Another client took the name meanwhile.
    throw isTaken() ? taken(name, error) : error
  })
  return reply({ Id: id, Warning: '' }, { status: 201 })
}

function taken(name: string, cause?: unknown): ApiError {
  return new ApiError(409, `network with name ${name} already exists`, cause)
}

/** Throws what Docker answers for built-in networks, absent drivers and networks of a swarm. */
function refuseUnknown(name: string, body: Fields): void {
  if (['bridge', 'host', 'none'].includes(name)) {
    throw new ApiError(403, `operation is not permitted on predefined ${name} network`)
  }
  const driver = member(body, 'Driver', 'string') || 'bridge'
  if (driver === 'host' || driver === 'null') {
    throw new ApiError(403, `only one instance of "${driver}" network is allowed`)
  }
  const ipam = member(object(body, 'IPAM') ?? {}, 'Driver', 'string') || 'default'
  const known = ['bridge', 'macvlan', 'ipvlan']
  const absent = known.includes(driver) ? ipam : driver
  if (absent !== 'default') throw new ApiError(404, `plugin "${absent}" not found`)
  if (member(body, 'Ingress', 'boolean')) {
    throw new ApiError(403, 'Ingress network can only be global scope network')
  }
}
