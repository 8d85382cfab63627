import { readDocument } from '#content'
import { type Descriptor, formatPlatform, isIndexType, isRunnable } from '#oci'
import type { ImageRecord } from '#records'
import type { Engine } from '../engine.ts'
import { getTarget } from '../image/find-target.ts'
import { isAnyUsed } from '../image/image-use.ts'
import { type ListImagesOptions, listImages } from '../image/images.ts'
import { bytesOf, join, measureSpace, type Space } from './space.ts'

/** Sizes of an image or of one of its platforms. */
interface Sizes {
  /** The ID that lists show; for a platform, the digest of its manifest. */
  readonly id: string
  /** Bytes on disk, also those that it shares with others. */
  readonly diskUsage: number
  /** Bytes of its manifest, configuration and layers as a registry has them. */
  readonly contentSize: number
  /** A container uses it. */
  readonly isUsed: boolean
}

/** An image with all its names, and its platforms. */
export interface ImageNode extends Sizes {
  /** In familiar form, such as `app:1`; none without a name. */
  readonly names: readonly string[]
  /** Those of an index, or the one of a single image; absent ones have no sizes. */
  readonly platforms: readonly PlatformNode[]
}

export interface PlatformNode extends Sizes {
  readonly platform: string
  /** Whether its image is in the store. */
  readonly isPresent: boolean
}

/** Returns the images that `listImages` lists, each once, with their platforms. By name; those without one are last. */
export async function imageTree(
  engine: Engine,
  options: ListImagesOptions = {},
): Promise<readonly ImageNode[]> {
  const space = await measureSpace(engine)
  const rows = Map.groupBy(await listImages(engine, options), ({ id }) => id)
  const nodes = await Array.fromAsync(rows, async ([id, named]): Promise<ImageNode> => {
    const { descriptor, images } = getTarget(engine.records, id)
    const names = named
      .filter(({ repository }) => repository !== '<none>')
      .map(({ repository, tag }) => (tag === '<none>' ? repository : `${repository}:${tag}`))
      .sort()
    const platforms = await platformsOf(engine, descriptor, images, space)
    const parts = await Array.fromAsync(images, (image) => sizesOf(engine, image, space))
    const files = join(await Array.fromAsync(images, (image) => space.ofImage(image)))
    return {
      id,
      names,
      platforms,
      diskUsage: bytesOf(files),
      contentSize: parts.reduce((sum, { contentSize }) => sum + contentSize, 0),
      isUsed: parts.some(({ isUsed }) => isUsed),
    }
  })
  const keyOf = ({ names: [first] }: ImageNode): string => first ?? lastKey
  return nodes.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))))
}

/** Comes after all names. */
const lastKey = '\uffff'

async function platformsOf(
  engine: Engine,
  target: Descriptor,
  images: readonly ImageRecord[],
  space: Space,
): Promise<readonly PlatformNode[]> {
  const children = isIndexType(target.mediaType) ? await manifestsOf(engine, target) : [target]
  return await Array.fromAsync(children, async (child) => {
    const image = images.find(({ digest }) => digest === child.digest)
    const platform = child.platform ?? image?.platform
    return {
      id: child.digest,
      platform: platform === undefined ? 'unknown' : formatPlatform(platform),
      isPresent: image !== undefined,
      ...(image === undefined
        ? { diskUsage: 0, contentSize: 0, isUsed: false }
        : await sizesOf(engine, image, space)),
    }
  })
}

async function manifestsOf(engine: Engine, index: Descriptor): Promise<readonly Descriptor[]> {
  const { parsed } = await readDocument(engine.content, index)
  return parsed.kind === 'index' ? parsed.index.manifests.filter(isRunnable) : []
}

async function sizesOf(
  engine: Engine,
  image: ImageRecord,
  space: Space,
): Promise<Omit<Sizes, 'id'>> {
  const { descriptor, manifest, size } = await engine.openImage(image)
  return {
    diskUsage: bytesOf(await space.ofImage(image)),
    contentSize: descriptor.size + manifest.config.size + size,
    isUsed: isAnyUsed(engine, [image]),
  }
}
