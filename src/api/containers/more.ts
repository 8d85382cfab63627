import { member, object } from '#docker/bodies/fields'
import { readResources } from '#docker/bodies/host-config'
import { parseRunConfig } from '#docker/bodies/run-config'
import { parsePruneFilters } from '#docker/filters/prune-filters'
import { parseRestart } from '#docker/flags/limits'
import { commitContainer } from '#engine/build/commit'
import { listContainerProcesses } from '#engine/container/container'
import { updateContainer } from '#engine/container/update'
import { pruneContainers } from '#engine/store/prune'
import { readObject } from '../body.ts'
import type { ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'
import { orNull, reply } from '../reply.ts'
import { containerId } from './find.ts'

/** `GET /containers/{id}/top`. */
export const top: ApiHandler = async (call) => {
  const words = (call.query.text('ps_args') ?? '-ef').split(/\s+/).filter((word) => word !== '')
  const { titles, processes } = await listContainerProcesses(call.engine, containerId(call), words)
  return reply({ Titles: titles, Processes: processes })
}

/** `POST /containers/{id}/update`. */
export const update: ApiHandler = async (call) => {
  const body = await readObject(call.request, true)
  const policy = object(body, 'RestartPolicy') ?? {}
  const name = member(policy, 'Name', 'string') || undefined
  const count = member(policy, 'MaximumRetryCount', 'number') || undefined
  const warnings: string[] = []
  await updateContainer(call.engine, containerId(call), {
    resources: readResources(body),
    restart: name === undefined ? undefined : parseRestart(count ? `${name}:${count}` : name),
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.message)
    },
  })
  return reply({ Warnings: orNull(warnings) })
}

/** `POST /containers/prune`. */
export const prune: ApiHandler = async ({ engine, query }) => {
  const filter = parsePruneFilters(query.filters())
  const { containers, reclaimed } = await pruneContainers(engine, { filter })
  return reply({ ContainersDeleted: orNull(containers), SpaceReclaimed: reclaimed })
}

/** `POST /commit`. */
export const commit: ApiHandler = async ({ engine, query, request, signal }) => {
  const name = query.text('container')
  if (name === undefined) throw new ApiError(400, 'no container given')
  const [repo, tag] = [query.text('repo'), query.text('tag')]
  const id = containerId({ engine, params: { id: name } })
  const { imageId } = await commitContainer(engine, id, {
    name: repo === undefined || tag === undefined ? repo : `${repo}:${tag}`,
    author: query.text('author'),
    config: parseRunConfig(await readObject(request, true)),
    message: query.text('comment'),
    changes: query
      .texts('changes')
      .flatMap((text) => text.split('\n'))
      .filter((line) => line !== ''),
    pause: query.flag('pause', true),
    signal,
  })
  return reply({ Id: imageId }, { status: 201 })
}
