import { getContainer } from '#container'
import { member, textMap } from '#docker/bodies/fields'
import { volumeNameProblem } from '#docker/bodies/mount-checks'
import { volumeDocument } from '#docker/documents/volume'
import { parsePruneFilters } from '#docker/filters/prune-filters'
import { parseVolumeFilters } from '#docker/filters/volume-filters'
import { pruneVolumes } from '#engine/store/prune-volumes'
import { volumeUsers } from '#engine/volume/volume-users'
import {
  createVolume,
  inspectVolume,
  listVolumes,
  removeVolume,
  type VolumeDetails,
} from '#engine/volume/volumes'
import { isStrakeError } from '#oci'
import { readObject } from '../body.ts'
import type { ApiCall, ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'
import { done, reply } from '../reply.ts'

/** `GET /volumes`. */
export const list: ApiHandler = async ({ engine, query }) => {
  const volumes = listVolumes(engine, parseVolumeFilters(query.filters()))
  return reply({ Volumes: volumes.map(volumeDocument), Warnings: null })
}

/** `GET /volumes/{name}`. */
export const inspect: ApiHandler = async (call) => reply(volumeDocument(found(call)))

/** `POST /volumes/create`. A volume that exists is returned. */
export const create: ApiHandler = async ({ engine, request }) => {
  const body = await readObject(request, true)
  const name = member(body, 'Name', 'string') || undefined
  const driver = member(body, 'Driver', 'string') || 'local'
  if (name?.length === 1) {
    throw new ApiError(
      400,
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    )
  }
  if (driver !== 'local') {
    throw new ApiError(
      404,
      `create ${name ?? ''}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
    )
  }
  const problem = name && volumeNameProblem(name)
  if (problem) throw new ApiError(400, problem)
  const volume = await createVolume(engine, {
    name,
    labels: textMap(body, 'Labels'),
    options: textMap(body, 'DriverOpts'),
  })
  return reply(volumeDocument(volume), { status: 201 })
}

/** `DELETE /volumes/{name}`. */
export const remove: ApiHandler = async (call) => {
  const force = call.query.flag('force')
  if (!force) found(call)
  const name = call.params['name'] ?? ''
  try {
    await removeVolume(call.engine, name, { force })
  } catch (error) {
    if (!isStrakeError(error, 'CONFLICT')) throw error
    const users = volumeUsers(call.engine).get(name) ?? []
    const ids = users.map((user) => getContainer(call.engine, user).id)
    throw new ApiError(409, `remove ${name}: volume is in use - [${ids.join(', ')}]`, error)
  }
  return done()
}

/** `POST /volumes/prune`. Volumes with a name go only with the filter `all`. */
export const prune: ApiHandler = async ({ engine, query, version }) => {
  const words = query.filters()
  const wrong = words.find(
    (word) => /^(all|until)=/.test(word) && !/^all=(true|1|false|0)$/.test(word),
  )
  if (wrong !== undefined) throw new ApiError(400, `invalid filter '${wrong}'`)
  // Before version 1.42 volumes with a name went too.
  const isAll = version < 42 || words.some((word) => /^all=(true|1)$/.test(word))
  const filter = parsePruneFilters(words.filter((word) => !word.startsWith('all=')))
  const { volumes, reclaimed } = await pruneVolumes(engine, { all: isAll, filter })
  return reply({ VolumesDeleted: volumes, SpaceReclaimed: reclaimed })
}

function found({ engine, params }: ApiCall): VolumeDetails {
  const name = params['name'] ?? ''
  try {
    return inspectVolume(engine, name)
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND')) throw error
    throw new ApiError(404, `get ${name}: no such volume`, error)
  }
}
