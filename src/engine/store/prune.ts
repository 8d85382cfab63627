import { familiarReference, isStrakeError, parseReference } from '#oci'
import type { ImageRecord } from '#records'
import { forgetBuildMemory } from '../build/build-memory.ts'
import { removeStoppedContainer } from '../container/container.ts'
import { listContainers } from '../container/ps.ts'
import { tryPublishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { type PruneFilter, passesPruneFilter } from '../filter/prune-filter.ts'
import { collectGarbage } from '../image/collect-garbage.ts'
import { isDigestName } from '../image/find-image.ts'
import { containersOf } from '../image/image-use.ts'
import { writtenBytes } from './disk-usage.ts'
import { dropCompressed } from './drop-compressed.ts'

/** What a prune removed. */
export interface Pruned {
  /** Container IDs. */
  readonly containers: readonly string[]
  /** Names that meant a removed image, as people write them. */
  readonly untagged: readonly string[]
  /** Image IDs. */
  readonly images: readonly string[]
  /** Cache keys. */
  readonly cache: readonly string[]
  /** Bytes. */
  readonly reclaimed: number
}

const nothing: Pruned = { containers: [], untagged: [], images: [], cache: [], reclaimed: 0 }

export interface PruneOptions {
  readonly filter?: PruneFilter | undefined
}

export interface PruneImagesOptions extends PruneOptions {
  /** Every image that no container uses; else only those without a name. */
  readonly all?: boolean
}

/** Removes images and the content that nothing else uses. */
export async function pruneImages(
  engine: Engine,
  { all = false, filter = {} }: PruneImagesOptions = {},
): Promise<Pruned> {
  requireFacts(engine)
  const { records } = engine
  const untagged: string[] = []
  const images: string[] = []
  for (const image of records.images.list()) {
    const names = records.tags.namesOf(image.digest)
    const isNamed = names.some((name) => !isDigestName(name))
    if ((isNamed && !all) || containersOf(engine, image.imageId).length > 0) continue
    if (!(await imagePasses(engine, image, filter))) continue
    records.transaction(() => {
      for (const name of names) records.tags.remove(name, 'prune')
      records.images.remove(image.digest)
    })
    untagged.push(...names.map((name) => familiarReference(parseReference(name))))
    images.push(image.imageId)
  }
  const isPublished = untagged.length === 0 || tryPublishIndex(engine)
  const { bytes } = await collectGarbage(engine)
  if (!isPublished) tryPublishIndex(engine)
  return { ...nothing, untagged, images, reclaimed: bytes }
}

/** An image that cannot be read has no labels. */
async function imagePasses(
  engine: Engine,
  image: ImageRecord,
  filter: PruneFilter,
): Promise<boolean> {
  const created = image.createdAt ?? 0
  try {
    const { config } = await engine.openImage(image)
    return passesPruneFilter(filter, { created, labels: config.config?.Labels ?? {} })
  } catch (error) {
    if (isStrakeError(error)) return passesPruneFilter(filter, { created, labels: {} })
    throw error
  }
}

/** Removes every container that does not run. */
export async function pruneContainers(
  engine: Engine,
  { filter = {} }: PruneOptions = {},
): Promise<Pruned> {
  requireFacts(engine)
  const stopped = await listContainers(engine, { all: true })
  const containers: string[] = []
  let reclaimed = 0
  for (const { id, state, created, labels } of stopped) {
    if (!['exited', 'created', 'dead'].includes(state)) continue
    if (!passesPruneFilter(filter, { created: created.getTime(), labels })) continue
    const written = await writtenBytes(engine, id)
    // Another process may have removed or started it meanwhile.
    if (!(await removeStoppedContainer(engine, id))) continue
    containers.push(id)
    reclaimed += written
  }
  return { ...nothing, containers, reclaimed }
}

/** Forgets everything builds remember, and removes what only they kept. */
export async function pruneCache(engine: Engine): Promise<Pruned> {
  requireFacts(engine)
  const cache = engine.records.cache.prune().map(({ key }) => key)
  await forgetBuildMemory(engine)
  const { bytes } = await collectGarbage(engine)
  return { ...nothing, cache, reclaimed: bytes }
}

/** Containers that do not run, then images, the build cache, and compressed layers that can be had again. */
export async function pruneSystem(engine: Engine, options: PruneImagesOptions): Promise<Pruned> {
  const containers = await pruneContainers(engine, options)
  const images = await pruneImages(engine, options)
  const cache = await pruneCache(engine)
  const compressed = await dropCompressed(engine)
  return {
    containers: containers.containers,
    untagged: images.untagged,
    images: images.images,
    cache: cache.cache,
    reclaimed: containers.reclaimed + images.reclaimed + cache.reclaimed + compressed,
  }
}
