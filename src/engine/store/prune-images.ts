import { familiarReference, isStrakeError, parseReference } from '#oci'
import type { StoredImage } from '#records'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { tryPublishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { type PruneFilter, passesPruneFilter } from '../filter/prune-filter.ts'
import { isDigestName } from '../image/find-image.ts'
import { imageEvent } from '../image/image-events.ts'
import { containersOf } from '../image/image-use.ts'
import { notePrune, nothingPruned, type Pruned } from './pruned.ts'

export interface PruneImagesOptions {
  /** Removes every image that no container uses. Default: only images without a name. */
  readonly all?: boolean
  /** The age of an image counts from the time at which this store named it, not from its creation. */
  readonly filter?: PruneFilter | undefined
}

/**
 * Removes images and the content that nothing else uses. A filter by age removes names
 * that are old enough, and removes the image with its last name.
 */
export async function pruneImages(
  engine: Engine,
  { all = false, filter = {} }: PruneImagesOptions = {},
): Promise<Pruned> {
  requireFacts(engine)
  const untagged: string[] = []
  const images: string[] = []
  for (const image of engine.records.images.list()) {
    if (containersOf(engine, image.imageId).length > 0) continue
    const names = await namesToPrune(engine, image, filter)
    if (names === undefined || (names.isNamed && !all)) continue
    await removeRecorded(engine, image, names)
    untagged.push(...names.old.map((name) => familiarReference(parseReference(name))))
    if (names.isAll) images.push(image.imageId)
  }
  const isPublished = untagged.length === 0 || (await tryPublishIndex(engine))
  const { bytes } = await collectGarbage(engine)
  if (!isPublished) await tryPublishIndex(engine)
  await notePrune(engine, 'image', bytes)
  return {
    ...nothingPruned,
    untagged,
    images,
    reclaimed: bytes,
    holders: engine.records.leases.list(),
  }
}

function removeRecorded(
  { records }: Engine,
  image: StoredImage,
  names: NamesToPrune,
): Promise<void> {
  const { digest, imageId } = image
  return records.write(() => {
    for (const name of names.old) {
      if (records.tags.remove(name, 'prune'))
        records.events.append(imageEvent('untag', imageId, name))
    }
    if (names.isAll && records.images.remove(digest)) {
      records.events.append(imageEvent('delete', imageId))
    }
  })
}

interface NamesToPrune {
  readonly isNamed: boolean
  readonly old: readonly string[]
  /** No other name is left, so the image is removed too. */
  readonly isAll: boolean
}

/** Returns the names that a filter selects; `undefined` if the image stays unchanged. */
async function namesToPrune(
  engine: Engine,
  image: StoredImage,
  filter: PruneFilter,
): Promise<NamesToPrune | undefined> {
  const labels = await labelsOf(engine, image)
  const passes = (at: number): boolean => passesPruneFilter(filter, { at, labels })
  const { tags } = engine.records
  const names = tags.namesOf(image.digest).flatMap((name) => tags.get(name) ?? [])
  const plain = names.filter(({ name }) => !isDigestName(name))
  if (plain.length === 0) {
    if (!passes(image.addedAt)) return undefined
    return { isNamed: false, old: names.map(({ name }) => name), isAll: true }
  }
  const old = plain.filter(({ updatedAt }) => passes(updatedAt))
  if (old.length === 0) return undefined
  const isAll = old.length === plain.length
  return { isNamed: true, old: (isAll ? names : old).map(({ name }) => name), isAll }
}

/** An image that cannot be read has no labels. */
async function labelsOf(
  engine: Engine,
  image: StoredImage,
): Promise<Readonly<Record<string, string>>> {
  try {
    const { config } = await engine.openImage(image)
    return config.config?.Labels ?? {}
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return {}
  }
}
