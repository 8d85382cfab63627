import { volumeDocument } from '#docker/documents/volume'
import { imageListDocuments } from '#docker/lists/image-list'
import { diskUsage } from '#engine/usage/disk-usage'
import { usageDetails } from '#engine/usage/usage-details'
import { inspectVolume } from '#engine/volume/volumes'
import type { ApiHandler } from '../call.ts'
import { reply } from '../reply.ts'

/** `GET /system/df`. */
export const usage: ApiHandler = async ({ engine }) => {
  const [details, kinds] = [await usageDetails(engine), await diskUsage(engine)]
  const users = new Map(details.images.map(({ id, containers }) => [id, containers]))
  const documents = imageListDocuments(details.images, (id) => users.get(id) ?? 0)
  return reply({
    LayersSize: kinds.find(({ type }) => type === 'Images')?.size ?? 0,
    Images: documents,
    Containers: details.containers.map((one) => ({
      Id: one.id,
      Names: [`/${one.name}`],
      Image: one.image,
      ImageID: one.imageId,
      Created: Math.floor(one.created.getTime() / 1000),
      State: one.state,
      SizeRw: one.written,
    })),
    Volumes: details.volumes.map(({ name, size, links }) => ({
      ...volumeDocument(inspectVolume(engine, name)),
      UsageData: { Size: size, RefCount: links },
    })),
    BuildCache: details.cache.map((one) => ({
      ID: one.id,
      Size: one.size,
    })),
  })
}
