import { existsSync } from 'node:fs'
import { containerPaths, readSettings } from '#container'
import type { StoredBlob } from '#content'
import { pathExists } from '#platform'
import { layerArchive, treeSize } from '#snapshot'
import { cacheFilesOf } from '../build-services/cache-files.ts'
import { cacheMountUsage } from '../build-services/cache-mounts.ts'
import { listContainers } from '../container/ps.ts'
import { findKeepCompressed } from '../content/keep-compressed.ts'
import type { Engine } from '../engine.ts'
import { listKept } from '../received/kept-directory.ts'
import { droppable } from './droppable.ts'
import { bytesBeyond, join, measureSpace, type Space } from './space.ts'
import { volumeUsage } from './volume-usage.ts'

/** The disk usage of one kind of object. */
export interface DiskUsage {
  readonly type:
    | 'Images'
    | 'Containers'
    | 'Local Volumes'
    | 'Build Cache'
    | 'Compressed layers'
    | 'Registry'
  readonly count: number
  /** The number of objects in use. */
  readonly active: number
  /** Bytes on disk. A file that several kinds share counts for the first of them. */
  readonly size: number
  /** Bytes that a prune of this kind would free now; for images a prune with `--all`. */
  readonly reclaimable: number
}

/**
 * Returns the disk usage of Docker's four kinds. If there are any, also of compressed
 * layers beside their archives, and of repositories of the embedded registry.
 */
export async function diskUsage(engine: Engine): Promise<readonly DiskUsage[]> {
  const space = await measureSpace(engine)
  const copies = await compressedCopies(engine)
  const rows = [
    await imageUsage(engine, space, copies),
    await containerUsage(engine),
    await localVolumes(engine),
    await cacheUsage(engine, space),
    await compressedUsage(engine, copies),
    await registryUsage(engine, space),
  ]
  return rows.filter(({ type, count }) => count > 0 || !isExtra(type))
}

/** True for a row that Docker does not have. */
function isExtra(type: DiskUsage['type']): boolean {
  return type === 'Compressed layers' || type === 'Registry'
}

/** Returns blobs that are compressed copies of archives in the store. */
async function compressedCopies({
  content,
  records,
  root,
}: Engine): Promise<readonly StoredBlob[]> {
  const copies: StoredBlob[] = []
  for await (const blob of content.list()) {
    const diffId = records.layers.diffIdOf(blob.digest)
    if (diffId === undefined || diffId === blob.digest) continue
    if (pathExists(layerArchive(root, diffId))) copies.push(blob)
  }
  return copies
}

async function imageUsage(
  engine: Engine,
  space: Space,
  compressed: readonly StoredBlob[],
): Promise<DiskUsage> {
  const { records } = engine
  const used = new Set(records.containers.list().map((record) => readSettings(record).image.id))
  const images = records.images.list()
  const active = images.filter(({ imageId }) => used.has(imageId))
  const own = await space.kept({ images, cache: false }, { served: false })
  const copies = space.filesOf(
    compressed.map(({ digest }) => digest),
    [],
  )
  const kept = await space.kept({ images, cache: true })
  // Compressed copies count as another kind, and content that nothing keeps as build cache.
  const left = join([await space.kept({ images: active, cache: true }), copies])
  return {
    type: 'Images',
    count: images.length,
    active: active.length,
    size: bytesBeyond(own, copies),
    reclaimable: bytesBeyond(kept, left),
  }
}

async function cacheUsage(engine: Engine, space: Space): Promise<DiskUsage> {
  const images = engine.records.images.list()
  const directory = cacheFilesOf(engine)
  const cached = existsSync(directory) ? await treeSize(directory) : 0
  const mounts = await cacheMountUsage(engine)
  const busy = mounts.filter(({ isBusy }) => isBusy)
  const files = cached + sum(mounts) + sum(await listKept(engine))
  const without = await space.kept({ images, cache: false })
  // A prune of the cache also removes content that nothing keeps, so that is part of the size.
  const own = bytesBeyond(space.all, without)
  return {
    type: 'Build Cache',
    count: engine.records.cache.list().length + mounts.length,
    active: busy.length,
    size: files + own,
    reclaimable: files - sum(busy) + own,
  }
}

async function localVolumes(engine: Engine): Promise<DiskUsage> {
  const volumes = await volumeUsage(engine)
  const unused = volumes.filter(({ links, isAnonymous }) => links === 0 && isAnonymous)
  return {
    type: 'Local Volumes',
    count: volumes.length,
    active: volumes.filter(({ links }) => links > 0).length,
    size: sum(volumes),
    reclaimable: sum(unused),
  }
}

/** A prune removes only copies that can be restored. */
async function compressedUsage(engine: Engine, blobs: readonly StoredBlob[]): Promise<DiskUsage> {
  const isKept = findKeepCompressed(engine.env) === 'always'
  const layers = isKept ? [] : await droppable(engine)
  const digests = new Set(layers.map(({ descriptor }) => descriptor.digest))
  return {
    type: 'Compressed layers',
    count: blobs.length,
    active: 0,
    size: sum(blobs),
    reclaimable: sum(blobs.filter(({ digest }) => digests.has(digest))),
  }
}

/** Only `registry rm` frees the content of repositories. */
async function registryUsage(engine: Engine, space: Space): Promise<DiskUsage> {
  const images = engine.records.images.list()
  const others = await space.kept({ images, cache: true }, { served: false })
  const hasAny = pathExists(`${engine.root}/registry`)
  const facts = hasAny ? await engine.registryFacts() : undefined
  const names = facts === undefined ? [] : await Array.fromAsync(facts.repositories())
  return {
    type: 'Registry',
    count: names.length,
    active: names.length,
    size: bytesBeyond(space.served, others),
    reclaimable: 0,
  }
}

function sum(all: readonly { readonly size: number }[]): number {
  return all.reduce((total, { size }) => total + size, 0)
}

async function containerUsage(engine: Engine): Promise<DiskUsage> {
  const containers = await listContainers(engine, { all: true })
  let size = 0
  let reclaimable = 0
  for (const { id, state } of containers) {
    const written = await writtenBytes(engine, id)
    size += written
    if (state !== 'running' && state !== 'paused') reclaimable += written
  }
  const active = containers.filter(({ state }) => state === 'running').length
  return { type: 'Containers', count: containers.length, active, size, reclaimable }
}

/** Returns the bytes that a container wrote, and the sum with its image. */
export async function containerSize(
  engine: Engine,
  { id, imageId }: { readonly id: string; readonly imageId: string },
): Promise<{ readonly written: number; readonly virtual: number }> {
  const written = await writtenBytes(engine, id)
  const image = engine.records.images.list().find((one) => one.imageId === imageId)
  return { written, virtual: written + (image?.totalSize ?? 0) }
}

/** Returns the bytes that a container wrote. */
export async function writtenBytes(engine: Engine, id: string): Promise<number> {
  const { upper } = containerPaths(engine, id)
  // Absent if the container was never started, or while it is being removed.
  return pathExists(upper) ? await treeSize(upper) : 0
}
