import { containerPaths, readSettings } from '#container'
import { pathExists } from '#platform'
import { treeSize } from '#snapshot'
import { sizeOf } from './collect.ts'
import type { Engine } from './engine.ts'
import { listContainers } from './ps.ts'

/** One kind of thing in the store. */
export interface DiskUsage {
  readonly type: 'Images' | 'Containers' | 'File systems' | 'Build Cache'
  readonly count: number
  /** How many are in use. */
  readonly active: number
  /** Bytes on disk. */
  readonly size: number
  /** Bytes that a prune would free. */
  readonly reclaimable: number
}

/**
 * What takes how much space. Image content and the file systems unpacked of it
 * are counted apart, because both are on the disk.
 */
export async function diskUsage(engine: Engine): Promise<readonly DiskUsage[]> {
  const { records } = engine
  const used = new Set(records.containers.list().map((record) => readSettings(record).image.id))
  const images = records.images.list()
  const blobs = await sizeOf(engine.content)
  const active = images.filter(({ imageId }) => used.has(imageId))
  const activeSize = active.reduce((sum, { totalSize }) => sum + totalSize, 0)
  const chains = await Array.fromAsync((await engine.snapshots()).list())
  const cache = records.cache.list()
  return [
    {
      type: 'Images',
      count: images.length,
      active: active.length,
      size: blobs.size,
      reclaimable: Math.max(0, blobs.size - activeSize),
    },
    {
      type: 'File systems',
      count: chains.length,
      active: 0,
      size: chains.reduce((sum, { size }) => sum + size, 0),
      reclaimable: 0,
    },
    await containerUsage(engine),
    {
      type: 'Build Cache',
      count: cache.length,
      active: 0,
      size: cache.reduce((sum, { size }) => sum + size, 0),
      reclaimable: cache.reduce((sum, { size }) => sum + size, 0),
    },
  ]
}

async function containerUsage(engine: Engine): Promise<DiskUsage> {
  const containers = await listContainers(engine, { all: true, filters: [] })
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
