import { describeContainer } from '#container'
import type { InspectDocument } from '#docker/documents/document'
import { parseContainerFilters } from '#docker/filters/container-filters'
import { containerListDocument } from '#docker/lists/container-list'
import { containerContext } from '#engine/container/container-context'
import { type ListedContainer, listWithContainers } from '#engine/container/ps'
import { containerSize } from '#engine/usage/disk-usage'
import { isStrakeError } from '#oci'
import type { ApiCall, ApiVersion } from '../call.ts'
import { reply } from '../reply.ts'

/** `GET /containers/json`. */
export async function list({ engine, query, version }: ApiCall): Promise<Response> {
  const filters = parseContainerFilters(query.filters())
  const limit = query.whole('limit') ?? 0
  const all = query.flag('all') || limit > 0
  const listed = await listWithContainers(engine, { all, filters })
  const shown = limit > 0 ? listed.slice(0, limit) : listed
  const documents = await listDocuments(engine, shown, query.flag('size'))
  return reply(documents.map((document) => inVersion(document, version)))
}

function inVersion(document: InspectDocument, version: ApiVersion): InspectDocument {
  const { Health, ImageManifestDescriptor, ...rest } = document
  return {
    ...rest,
    ...(version < 48 || ImageManifestDescriptor === undefined ? {} : { ImageManifestDescriptor }),
    ...(version < 52 ? {} : { Health }),
  }
}

/** The documents of containers in a list, with their sizes if they are wanted. */
export async function listDocuments(
  engine: ApiCall['engine'],
  listed: readonly ListedContainer[],
  withSizes: boolean,
): Promise<readonly InspectDocument[]> {
  if (listed.length === 0) return []
  const context = await containerContext(engine)
  const documents: InspectDocument[] = []
  for (const { container, summary } of listed) {
    try {
      const document = containerListDocument(summary, describeContainer(context, container))
      const size = withSizes ? await containerSize(engine, summary) : undefined
      documents.push(
        size === undefined
          ? document
          : {
              ...document,
              ...(size.written === 0 ? {} : { SizeRw: size.written }),
              SizeRootFs: size.virtual,
            },
      )
    } catch (error) {
      // Another process removed it meanwhile.
      if (!isStrakeError(error, 'NOT_FOUND')) throw error
    }
  }
  return documents
}
