import { readDocument } from '#content'
import type { Image } from '#image'
import { type Descriptor, type Digest, isIndexType, isRunnable, isStrakeError, limits } from '#oci'
import type { Engine } from '../engine.ts'
import { eventsOf } from './image-events.ts'
import {
  type MovedName,
  moveNames,
  putImage,
  type RecordOptions,
  recordImage,
} from './record-image.ts'

/** An index, and those of its images that are in the store. */
export interface StoredIndex {
  readonly descriptor: Descriptor
  /** In the order of the index, without attestations and other artifacts. */
  readonly images: readonly Image[]
}

/**
 * Like `recordImage`, for an image or an index. Also records the images of the index that
 * are in the store.
 */
export async function recordTarget(
  engine: Engine,
  descriptor: Descriptor,
  options: RecordOptions,
): Promise<readonly MovedName[]> {
  if (isIndexType(descriptor.mediaType)) {
    return await recordIndex(engine, await openIndex(engine, descriptor), options)
  }
  return await recordImage(engine, await engine.openImage(descriptor), options)
}

/**
 * Makes an index part of the store: the facts of its images, its own, and its names in one
 * transaction. Its content, and that of the images, must be durable.
 */
export async function recordIndex(
  engine: Engine,
  { descriptor, images }: StoredIndex,
  { names, by }: RecordOptions,
): Promise<readonly MovedName[]> {
  const { records } = engine
  return await records.write(() => {
    for (const image of images) putImage(engine, image)
    const digests = new Set(images.map((image) => image.descriptor.digest))
    records.indexes.put(descriptor, [...digests])
    for (const event of eventsOf(by, descriptor.digest, names)) records.events.append(event)
    return moveNames(records, names, descriptor, by)
  })
}

/** Reads an index and its images, indexes inside it included. Throws `NOT_FOUND`, `MANIFEST_INVALID`. */
export async function openIndex(
  engine: Pick<Engine, 'content' | 'openImage'>,
  descriptor: Descriptor,
): Promise<StoredIndex> {
  return { descriptor, images: await imagesBelow(engine, descriptor, new Set(), 0) }
}

async function imagesBelow(
  engine: Pick<Engine, 'content' | 'openImage'>,
  index: Descriptor,
  seen: Set<Digest>,
  depth: number,
): Promise<readonly Image[]> {
  const { parsed } = await readDocument(engine.content, index)
  if (parsed.kind !== 'index' || depth >= limits.indexDepth) return []
  const images: Image[] = []
  for (const child of parsed.index.manifests.filter(isRunnable)) {
    if (seen.has(child.digest)) continue
    seen.add(child.digest)
    if (isIndexType(child.mediaType)) {
      if (!(await engine.content.has(child))) continue
      images.push(...(await imagesBelow(engine, child, seen, depth + 1)))
      continue
    }
    const image = await openIfImage(engine, child)
    if (image !== undefined) images.push(image)
  }
  return images
}

/** Returns `undefined` for a manifest that is absent or no image. */
async function openIfImage(
  engine: Pick<Engine, 'openImage'>,
  { mediaType, digest, size }: Descriptor,
): Promise<Image | undefined> {
  try {
    return await engine.openImage({ mediaType, digest, size })
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND', 'UNSUPPORTED')) return undefined
    throw error
  }
}
