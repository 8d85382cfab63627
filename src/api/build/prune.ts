import { parsePruneFilters } from '#docker/filters/prune-filters'
import { pruneCache } from '#engine/store/prune'
import type { ApiHandler } from '../call.ts'
import { orNull, reply } from '../reply.ts'

/** `POST /build/prune`. */
export const prune: ApiHandler = async ({ engine, query }) => {
  const { cache, reclaimed } = await pruneCache(engine, {
    filter: parsePruneFilters(query.filters()),
  })
  return reply({ CachesDeleted: orNull(cache), SpaceReclaimed: reclaimed })
}
