import type { Image } from '#image'
import { type Descriptor, type Digest, type ImageName, type Layer, layerCompression } from '#oci'
import { fileStatus, pathExists } from '#platform'
import type { Records } from '#records'
import { layerArchive } from '#snapshot'
import type { Engine } from '../engine.ts'
import { targetOf } from './find-target.ts'
import { eventsOf, type ImageVerb } from './image-events.ts'

export interface RecordOptions {
  /** Canonical, or `registry/repository@digest`. */
  readonly names: readonly ImageName[]
  readonly by: ImageVerb
}

/** A name that moved, and the ID of its earlier target. */
export interface MovedName {
  readonly name: string
  readonly previous: string
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
): Promise<readonly MovedName[]> {
  const { records } = engine
  return await records.write(() => {
    putImage(engine, image)
    for (const event of eventsOf(by, image.imageId, names)) {
      const attributes = { ...image.config.config?.Labels, ...event.attributes }
      records.events.append({ ...event, attributes })
    }
    return moveNames(records, names, image.descriptor, by)
  })
}

/** Records the facts of an image. Call it in a transaction. */
export function putImage(engine: Engine, image: Image): void {
  const { descriptor, config } = image
  const created = config.created === undefined ? Number.NaN : Date.parse(config.created)
  engine.records.images.put({
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
}

/** Points names at a manifest or index. Returns the names that had another target. */
export function moveNames(
  records: Records,
  names: readonly ImageName[],
  { mediaType, digest, size }: Descriptor,
  by: ImageVerb,
): readonly MovedName[] {
  return names.flatMap((name) => {
    const previous = records.tags.get(name)?.target.digest
    const moved = records.tags.set(name, { mediaType, digest, size }, by)
    if (!moved || previous === undefined) return []
    return [{ name, previous: targetOf(records, previous)?.id ?? previous }]
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
