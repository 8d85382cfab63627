import { familiarReference, isStrakeError, parseReference } from '#oci'
import type { ImageRecord } from '#records'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { forgetTarget } from '../collect/forget-target.ts'
import { tryPublishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { type PruneFilter, passesPruneFilter } from '../filter/prune-filter.ts'
import { isDigestName } from '../image/find-image.ts'
import { type FoundTarget, targetOf } from '../image/find-target.ts'
import { imageEvent } from '../image/image-events.ts'
import { isAnyUsed } from '../image/image-use.ts'
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
  { all: prunesAll = false, filter = {} }: PruneImagesOptions = {},
): Promise<Pruned> {
  requireFacts(engine)
  const { records } = engine
  const untagged: string[] = []
  const images: string[] = []
  // An image is removed with the last index that contains it, so indexes come first.
  const all = [...records.indexes.list(), ...records.images.list()]
  for (const { digest, addedAt } of all) {
    const target = targetOf(records, digest)
    if (target === undefined || isAnyUsed(engine, target.images)) continue
    const names = await namesToPrune(engine, { ...target, addedAt }, filter)
    const isPart = records.indexes.having(digest).length > 0
    if (names === undefined || (!names.isNamed && isPart) || (names.isNamed && !prunesAll)) continue
    images.push(...(await removeRecorded(engine, target, { ...names, isPart })))
    untagged.push(...names.old.map((name) => familiarReference(parseReference(name))))
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

/** Returns the IDs of the removed images and indexes. */
function removeRecorded(
  engine: Engine,
  target: FoundTarget,
  names: NamesToPrune & { readonly isPart: boolean },
): Promise<readonly string[]> {
  const { records } = engine
  return records.write(() => {
    for (const name of names.old) {
      if (records.tags.remove(name, 'prune'))
        records.events.append(imageEvent('untag', target.id, name))
    }
    return names.isAll && !names.isPart ? forgetTarget(engine, target) : []
  })
}

interface NamesToPrune {
  readonly isNamed: boolean
  readonly old: readonly string[]
  /** No other name is left, so the image is removed too. */
  readonly isAll: boolean
}

/**
 * Returns the names of an image or index that the filter lets prune remove; `undefined`
 * when it keeps all of it.
 */
async function namesToPrune(
  engine: Engine,
  { descriptor, images, addedAt }: FoundTarget & { readonly addedAt: number },
  filter: PruneFilter,
): Promise<NamesToPrune | undefined> {
  const labels = await Array.fromAsync(images, (image) => labelsOf(engine, image))
  // Every platform must match: the label of one keeps all.
  const passes = (at: number): boolean =>
    (labels.length > 0 ? labels : [{}]).every((own) =>
      passesPruneFilter(filter, { at, labels: own }),
    )
  const { tags } = engine.records
  const names = tags.namesOf(descriptor.digest).flatMap((name) => tags.get(name) ?? [])
  const plain = names.filter(({ name }) => !isDigestName(name))
  if (plain.length === 0) {
    if (!passes(addedAt)) return undefined
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
  image: ImageRecord,
): Promise<Readonly<Record<string, string>>> {
  try {
    const { config } = await engine.openImage(image)
    return config.config?.Labels ?? {}
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return {}
  }
}
