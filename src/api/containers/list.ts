import { type Container, outlineContainer, readManifest } from '#container'
import type { InspectDocument } from '#docker/documents/document'
import { parseContainerFilters } from '#docker/filters/container-filters'
import { containerListDocument } from '#docker/lists/container-list'
import { type ListedContainer, listWithContainers } from '#engine/container/ps'
import { containerSize } from '#engine/usage/disk-usage'
import { type Descriptor, isStrakeError } from '#oci'
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
  const manifests = new Map<string | undefined, Descriptor | undefined>()
  const manifestOf = (container: Container): Descriptor | undefined => {
    const { digest } = container.settings.image
    if (!manifests.has(digest)) manifests.set(digest, readManifest(engine.records, container))
    return manifests.get(digest)
  }
  const documents: InspectDocument[] = []
  for (const { container, summary } of listed) {
    try {
      const outline = outlineContainer(engine, container)
      const document = containerListDocument({ summary, outline, manifest: manifestOf(container) })
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
