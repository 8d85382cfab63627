import { inspectContainer } from '#container'
import { parseContainerFilters } from '#docker/filters/container-filters'
import { containerListDocument } from '#docker/lists/container-list'
import { containerContext } from '#engine/container/container-context'
import { listContainers } from '#engine/container/ps'
import { isStrakeError } from '#oci'
import type { ApiCall } from '../call.ts'
import { reply } from '../reply.ts'

/** `GET /containers/json`. */
export async function list({ engine, query }: ApiCall): Promise<Response> {
  const filters = parseContainerFilters(query.filters())
  const limit = query.whole('limit') ?? 0
  const all = query.flag('all') || limit > 0
  const summaries = await listContainers(engine, { all, filters })
  const shown = limit > 0 ? summaries.slice(0, limit) : summaries
  if (shown.length === 0) return reply([])
  const context = await containerContext(engine)
  const documents = shown.flatMap((summary) => {
    try {
      return [containerListDocument(summary, inspectContainer(context, summary.id))]
    } catch (error) {
      // Another process removed it meanwhile.
      if (isStrakeError(error, 'NOT_FOUND')) return []
      throw error
    }
  })
  return reply(documents)
}
