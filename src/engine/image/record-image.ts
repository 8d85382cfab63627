import type { Image } from '#image'
import { type Digest, type ImageName, type Layer, layerCompression } from '#oci'
import { fileStatus, pathExists } from '#platform'
import { layerArchive } from '#snapshot'
import type { Engine } from '../engine.ts'
import { eventsOf, type ImageVerb } from './image-events.ts'

export interface RecordOptions {
  /** Canonical, or `registry/repository@digest`. */
  readonly names: readonly ImageName[]
  readonly by: ImageVerb
}

/**
 * Records an image and its names in one transaction. Its content must be complete and
 * durable. Returns the names that pointed to another image, with the ID of that image.
 * The caller publishes the index afterwards.
 */
export async function recordImage(
  engine: Engine,
  image: Image,
  { names, by }: RecordOptions,
): Promise<readonly { readonly name: string; readonly previous: string }[]> {
  const { records } = engine
  const { descriptor, config } = image
  const created = config.created === undefined ? Number.NaN : Date.parse(config.created)
  return await records.write(() => {
    records.images.put({
      digest: descriptor.digest,
      mediaType: descriptor.mediaType,
      size: descriptor.size,
      imageId: image.imageId,
      platform: {
        os: config.os,
        architecture: config.architecture,
        ...(config.variant === undefined ? {} : { variant: config.variant }),
      },
      createdAt: Number.isNaN(created) ? null : created,
      totalSize: image.layers.reduce((sum, layer) => sum + layerSize(engine, layer), 0),
    })
    for (const event of eventsOf(by, image.imageId, names)) records.events.append(event)
    return names.flatMap((name) => {
      const previous = records.tags.get(name)?.target.digest
      const { mediaType, digest, size } = descriptor
      const moved = records.tags.set(name, { mediaType, digest, size }, by)
      if (!moved || previous === undefined) return []
      return [{ name, previous: records.images.get(previous)?.imageId ?? previous }]
    })
  })
}

/** Returns the uncompressed size of a layer in bytes; the stored size if it was never decompressed here. */
export function layerSize(
  { records, root }: Pick<Engine, 'records' | 'root'>,
  { descriptor, diffId }: Layer,
): number {
  if (layerCompression(descriptor.mediaType) === 'none') return descriptor.size
  return records.layers.tarSizeOf(diffId) ?? archiveSize(root, diffId) ?? descriptor.size
}

function archiveSize(root: string, diffId: Digest): number | undefined {
  const path = layerArchive(root, diffId)
  return pathExists(path) ? fileStatus(path).size : undefined
}
