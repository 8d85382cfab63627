import { collectGarbage } from './collect.ts'
import { removeContainer } from './container.ts'
import { publishIndex } from './content-index.ts'
import { writtenBytes } from './disk-usage.ts'
import type { Engine } from './engine.ts'
import { isDigestName } from './find-image.ts'
import { containersOf } from './image-use.ts'
import { listContainers } from './ps.ts'

/** What a prune removed. */
export interface Pruned {
  /** Container IDs. */
  readonly containers: readonly string[]
  /** Names that meant a removed image. */
  readonly untagged: readonly string[]
  /** Image IDs. */
  readonly images: readonly string[]
  /** Cache keys. */
  readonly cache: readonly string[]
  /** Bytes. */
  readonly reclaimed: number
}

const nothing: Pruned = { containers: [], untagged: [], images: [], cache: [], reclaimed: 0 }

export interface PruneImagesOptions {
  /** Every image that no container uses; else only those without a name. */
  readonly all?: boolean
}

/** Removes images and the content that nothing else uses. */
export async function pruneImages(
  engine: Engine,
  { all = false }: PruneImagesOptions = {},
): Promise<Pruned> {
  const { records } = engine
  const untagged: string[] = []
  const images: string[] = []
  for (const image of records.images.list()) {
    const names = records.tags.namesOf(image.digest)
    const isNamed = names.some((name) => !isDigestName(name))
    if ((isNamed && !all) || containersOf(engine, image.imageId).length > 0) continue
    records.transaction(() => {
      for (const name of names) records.tags.remove(name, 'prune')
      records.images.remove(image.digest)
    })
    untagged.push(...names)
    images.push(image.imageId)
  }
  if (untagged.length > 0) publishIndex(engine)
  const { bytes } = await collectGarbage(engine)
  return { ...nothing, untagged, images, reclaimed: bytes }
}

/** Removes every container that does not run. */
export async function pruneContainers(engine: Engine): Promise<Pruned> {
  const stopped = await listContainers(engine, { all: true, filters: [] })
  const containers: string[] = []
  let reclaimed = 0
  for (const { id, state } of stopped) {
    if (!['exited', 'created', 'dead'].includes(state)) continue
    reclaimed += await writtenBytes(engine, id)
    if (await removeContainer(engine, id, { volumes: true })) containers.push(id)
  }
  return { ...nothing, containers, reclaimed }
}

/** Forgets everything builds remember, and removes what only they kept. */
export async function pruneCache(engine: Engine): Promise<Pruned> {
  const cache = engine.records.cache.prune().map(({ key }) => key)
  const { bytes } = await collectGarbage(engine)
  return { ...nothing, cache, reclaimed: bytes }
}

/** Containers that do not run, then images, then the build cache. */
export async function pruneSystem(engine: Engine, options: PruneImagesOptions): Promise<Pruned> {
  const containers = await pruneContainers(engine)
  const images = await pruneImages(engine, options)
  const cache = await pruneCache(engine)
  return {
    containers: containers.containers,
    untagged: images.untagged,
    images: images.images,
    cache: cache.cache,
    reclaimed: containers.reclaimed + images.reclaimed + cache.reclaimed,
  }
}
