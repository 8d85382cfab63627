import type { InspectDocument } from '#docker/documents/document'
import { volumeDocument } from '#docker/documents/volume'
import { imageListDocuments } from '#docker/lists/image-list'
import type { Engine } from '#engine'
import { listWithContainers } from '#engine/container/ps'
import { imageLabels } from '#engine/image/images'
import { type DiskUsage, diskUsage } from '#engine/usage/disk-usage'
import { type UsageDetails, usageDetails } from '#engine/usage/usage-details'
import { inspectVolume } from '#engine/volume/volumes'
import type { ApiHandler } from '../call.ts'
import { listDocuments } from '../containers/list.ts'
import { ApiError } from '../failure.ts'
import { listedInVersion } from '../images/versions.ts'
import { reply } from '../reply.ts'

/** The words of the parameter `type`, and the names of a kind in the document and in the engine. */
const kinds = [
  { word: 'image', list: 'Images', total: 'ImageUsage', row: 'Images' },
  { word: 'container', list: 'Containers', total: 'ContainerUsage', row: 'Containers' },
  { word: 'volume', list: 'Volumes', total: 'VolumeUsage', row: 'Local Volumes' },
  { word: 'build-cache', list: 'BuildCache', total: 'BuildCacheUsage', row: 'Build Cache' },
] as const

/** `GET /system/df`. Version 1.52 has the sums of each kind beside its lists. */
export const usage: ApiHandler = async ({ engine, query, version }) => {
  const words = query.texts('type')
  const unknown = words.find((one) => !kinds.some(({ word }) => word === one))
  if (unknown !== undefined) throw new ApiError(400, `unknown object type: ${unknown}`)
  const wanted = kinds.filter(({ word }) => words.length === 0 || words.includes(word))
  const [details, rows] = [await usageDetails(engine), await diskUsage(engine)]
  const isOld = version < 52 || !query.flag('verbose')
  const members: Record<string, unknown> = {}
  for (const { word, list, total, row } of wanted) {
    const sums = rows.find(({ type }) => type === row)
    const items = await listOf(word, engine, details)
    if (isOld) {
      members[list] = items.map((item) =>
        word === 'image' ? listedInVersion(item, version) : item,
      )
      if (word === 'image') members['LayersSize'] = sums?.size ?? 0
    }
    if (version >= 52) {
      members[total] = { ...sumsDocument(sums), ...(items.length > 0 ? { Items: items } : {}) }
    }
  }
  return reply(members)
}

/** As in Docker, a sum of 0 is left out. */
function sumsDocument(usage: DiskUsage | undefined): InspectDocument {
  const sums = {
    ActiveCount: usage?.active ?? 0,
    TotalCount: usage?.count ?? 0,
    Reclaimable: usage?.reclaimable ?? 0,
    TotalSize: usage?.size ?? 0,
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0))
}

async function listOf(
  word: (typeof kinds)[number]['word'],
  engine: Engine,
  details: UsageDetails,
): Promise<readonly InspectDocument[]> {
  switch (word) {
    case 'image':
      return await imageListDocuments(details.images, async (image) => ({
        labels: await imageLabels(engine, image),
        containers: details.images.find(({ id }) => id === image.id)?.containers ?? 0,
        shared: details.images.find(({ id }) => id === image.id)?.shared ?? 0,
      }))
    case 'container':
      return await listDocuments(engine, await listWithContainers(engine, { all: true }), true)
    case 'volume':
      return details.volumes.map(({ name, size, links }) => ({
        ...volumeDocument(inspectVolume(engine, name)),
        UsageData: { Size: size, RefCount: links },
      }))
    case 'build-cache':
      return details.cache.map((one) => ({
        ID: one.id,
        Type: one.kind === 'mount' ? 'exec.cachemount' : 'regular',
        Description: '',
        InUse: one.isBusy,
        Shared: !one.isReclaimable,
        Size: one.size,
        CreatedAt: one.createdAt.toISOString(),
        LastUsedAt: one.lastUsedAt.toISOString(),
        UsageCount: 1,
      }))
  }
}
