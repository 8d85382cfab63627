import { parseSearchFilters } from '#docker/filters/search-filters'
import { inspectRemote } from '#engine/registry/inspect-remote'
import { searchImages } from '#engine/registry/search'
import type { ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'
import { reply } from '../reply.ts'
import { engineFor } from './registry-auth.ts'

/** `GET /distribution/{name}/json`: the manifest of a registry and its platforms, without a pull. */
export const distribution: ApiHandler = async (call) => {
  const name = call.params['name'] ?? ''
  const { signal } = call
  const remote = await inspectRemote(engineFor(call, name), name, { signal })
  const { mediaType, digest, size } = remote.descriptor
  const platforms = await remote.platforms()
  return reply({
    Descriptor: { mediaType, digest, size },
    Platforms: platforms.map(({ config }) => ({
      architecture: config.architecture,
      os: config.os,
      ...(config.variant === undefined ? {} : { variant: config.variant }),
    })),
  })
}

/** `GET /images/search`. */
export const search: ApiHandler = async (call) => {
  const { engine, query, signal } = call
  const term = query.text('term')
  if (term === undefined) throw new ApiError(400, 'Cannot search: the parameter term is missing')
  const found = await searchImages(engine, term, {
    filter: parseSearchFilters(query.filters()),
    limit: query.whole('limit'),
    signal,
  })
  return reply(
    found.map(({ name, description, stars, isOfficial, isAutomated }) => ({
      star_count: stars,
      is_official: isOfficial,
      name,
      is_automated: isAutomated,
      description,
    })),
  )
}
