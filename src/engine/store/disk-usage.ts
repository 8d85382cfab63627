import { containerPaths, readSettings } from '#container'
import type { StoredBlob } from '#content'
import { pathExists } from '#platform'
import { layerArchive, treeSize } from '#snapshot'
import { cacheMountUsage } from '../build/cache-mounts.ts'
import { listContainers } from '../container/ps.ts'
import { findKeepCompressed } from '../content/keep-compressed.ts'
import type { Engine } from '../engine.ts'
import { droppable } from './drop-compressed.ts'

/** One kind of thing in the store. */
export interface DiskUsage {
  readonly type: 'Images' | 'Compressed layers' | 'Containers' | 'File systems' | 'Build Cache'
  readonly count: number
  /** How many are in use. */
  readonly active: number
  /** Bytes on disk. */
  readonly size: number
  /** Bytes that a prune would free. */
  readonly reclaimable: number
}

/**
 * What takes how much space. A layer that is stored as its archive is counted
 * once, among the file systems; a compressed one beside its archive is counted
 * apart from what images have else.
 */
export async function diskUsage(engine: Engine): Promise<readonly DiskUsage[]> {
  const chains = await Array.fromAsync((await engine.snapshots()).list())
  const blobs = await sortBlobs(engine)
  return [
    await imageUsage(engine, blobs.other),
    await compressedUsage(engine, blobs.compressed),
    {
      type: 'File systems',
      count: chains.length,
      active: 0,
      size: sum(chains),
      reclaimable: 0,
    },
    await containerUsage(engine),
    await cacheDiskUsage(engine),
  ]
}

async function cacheDiskUsage(engine: Engine): Promise<DiskUsage> {
  const results = engine.records.cache.list()
  const mounts = await cacheMountUsage(engine)
  const busy = mounts.filter(({ isBusy }) => isBusy)
  const size = sum([...results, ...mounts])
  return {
    type: 'Build Cache',
    count: results.length + mounts.length,
    active: busy.length,
    size,
    reclaimable: size - sum(busy),
  }
}

/** Blobs that are compressed forms of archives that are here, and those that no archive is. */
async function sortBlobs({ content, records, root }: Engine): Promise<{
  readonly compressed: readonly StoredBlob[]
  readonly other: readonly StoredBlob[]
}> {
  const compressed: StoredBlob[] = []
  const other: StoredBlob[] = []
  for await (const blob of content.list()) {
    const diffId = records.layers.diffIdOf(blob.digest)
    if (diffId !== undefined && diffId !== blob.digest && pathExists(layerArchive(root, diffId))) {
      compressed.push(blob)
    } else if (!pathExists(layerArchive(root, blob.digest))) other.push(blob)
  }
  return { compressed, other }
}

async function imageUsage(engine: Engine, blobs: readonly StoredBlob[]): Promise<DiskUsage> {
  const { records } = engine
  const used = new Set(records.containers.list().map((record) => readSettings(record).image.id))
  const images = records.images.list()
  const active = images.filter(({ imageId }) => used.has(imageId))
  const activeSize = active.reduce((sum, { totalSize }) => sum + totalSize, 0)
  const size = sum(blobs)
  return {
    type: 'Images',
    count: images.length,
    active: active.length,
    size,
    reclaimable: Math.max(0, size - activeSize),
  }
}

/** What a prune may drop, some of it only if it can be made again, and what no image needs. */
async function compressedUsage(engine: Engine, blobs: readonly StoredBlob[]): Promise<DiskUsage> {
  const isKept = findKeepCompressed(engine.env) === 'always'
  const layers = isKept ? [] : await droppable(engine)
  const digests = new Set(layers.map(({ descriptor }) => descriptor.digest))
  const reclaimable = sum(blobs.filter(({ digest }) => digests.has(digest)))
  return {
    type: 'Compressed layers',
    count: blobs.length,
    active: 0,
    size: sum(blobs),
    reclaimable,
  }
}

function sum(sized: readonly { readonly size: number }[]): number {
  return sized.reduce((total, { size }) => total + size, 0)
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

/** Bytes that a container wrote, and those with its image. */
export async function containerSize(
  engine: Engine,
  { id, imageId }: { readonly id: string; readonly imageId: string },
): Promise<{ readonly written: number; readonly virtual: number }> {
  const written = await writtenBytes(engine, id)
  const image = engine.records.images.list().find((one) => one.imageId === imageId)
  return { written, virtual: written + (image?.totalSize ?? 0) }
}

/** Bytes that a container wrote. */
export async function writtenBytes(engine: Engine, id: string): Promise<number> {
  const { upper } = containerPaths(engine, id)
  // It may never have been started, or be on its way out.
  return pathExists(upper) ? await treeSize(upper) : 0
}
