import { parseImageFilters } from '#docker/filters/image-filters'
import { imageListDocuments } from '#docker/lists/image-list'
import { getTarget } from '#engine/image/find-target'
import { containersOf } from '#engine/image/image-use'
import { imageLabels, listImages } from '#engine/image/images'
import type { ApiCall } from '../call.ts'
import { reply } from '../reply.ts'
import { manifestsOf } from './manifests.ts'
import { listedInVersion } from './versions.ts'

/** `GET /images/json`. */
export async function list({ engine, query, version }: ApiCall): Promise<Response> {
  const images = await listImages(engine, {
    all: query.flag('all'),
    filters: parseImageFilters(query.filters()),
    reference: query.text('filter'),
  })
  const documents = await imageListDocuments(images, async (image) => ({
    labels: await imageLabels(engine, image),
    containers: containersOf(engine, getTarget(engine.records, image.id).images).length,
    shared: -1,
  }))
  const listed = documents.map((document) => listedInVersion(document, version))
  if (!query.flag('manifests') || version < 47) return reply(listed)
  return reply(
    await Array.fromAsync(listed, async (document) => ({
      ...document,
      Manifests: await manifestsOf(engine, String(document['Id'])),
    })),
  )
}
