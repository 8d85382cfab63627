import type { Platform } from '#oci'
import { type CacheUsage, cacheUsage } from '../build-services/cache-usage.ts'
import { listContainers, platformReader } from '../container/ps.ts'
import type { ContainerSummary } from '../container/summary.ts'
import type { Engine } from '../engine.ts'
import { getTarget } from '../image/find-target.ts'
import { containersOf } from '../image/image-use.ts'
import { type ImageSummary, listImages } from '../image/images.ts'
import { writtenBytes } from './disk-usage.ts'
import { bytesBeyond, bytesOf, type Files, join, measureSpace } from './space.ts'
import { type VolumeUsage, volumeUsage } from './volume-usage.ts'

/** An image with one of its names, and its disk usage. */
export interface ImageUsage extends ImageSummary {
  /** Bytes on disk that it shares with other images. */
  readonly shared: number
  /** Bytes on disk of this image alone. */
  readonly unique: number
  readonly containers: number
}

export interface ContainerUsage extends ContainerSummary {
  /** Bytes of its changes. */
  readonly written: number
  /** Absent if the image was removed. */
  readonly platform: Platform | undefined
}

/** The disk usage of every single object in the store. */
export interface UsageDetails {
  readonly images: readonly ImageUsage[]
  readonly containers: readonly ContainerUsage[]
  readonly volumes: readonly VolumeUsage[]
  readonly cache: readonly CacheUsage[]
}

/** Returns the objects that `system df -v` lists. */
export async function usageDetails(engine: Engine): Promise<UsageDetails> {
  const containers = await listContainers(engine, { all: true })
  const platformOf = platformReader(engine)
  return {
    images: await imageUsages(engine),
    containers: await Array.fromAsync(containers, async (container) => ({
      ...container,
      written: await writtenBytes(engine, container.id),
      platform: platformOf(container),
    })),
    volumes: await volumeUsage(engine),
    cache: await cacheUsage(engine),
  }
}

async function imageUsages(engine: Engine): Promise<readonly ImageUsage[]> {
  const space = await measureSpace(engine)
  const { records } = engine
  const recorded = await Array.fromAsync(records.images.list(), async (image) => ({
    imageId: image.imageId,
    files: await space.ofImage(image),
  }))
  const images = await listImages(engine, { all: true })
  return images.map((image) => {
    const parts = getTarget(records, image.id).images
    const ids = new Set<string>(parts.map(({ imageId }) => imageId))
    const filesOf = (isOwn: boolean): Files =>
      join(recorded.filter((each) => ids.has(each.imageId) === isOwn).map(({ files }) => files))
    const own = filesOf(true)
    const unique = bytesBeyond(own, filesOf(false))
    const containers = containersOf(engine, parts).length
    return { ...image, shared: bytesOf(own) - unique, unique, containers }
  })
}
