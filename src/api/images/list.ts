import { parseImageFilters } from '#docker/filters/image-filters'
import { imageListDocuments } from '#docker/lists/image-list'
import { listImages } from '#engine/image/images'
import type { ApiCall } from '../call.ts'
import { reply } from '../reply.ts'

/** `GET /images/json`. Without the use by containers, as Docker counts it only for `system df`. */
export async function list({ engine, query }: ApiCall): Promise<Response> {
  const images = await listImages(engine, {
    all: query.flag('all'),
    filters: parseImageFilters(query.filters()),
    reference: query.text('filter'),
  })
  return reply(imageListDocuments(images, () => -1))
}
