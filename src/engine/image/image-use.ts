import { type ContainerSettings, isRunning, readContainer } from '#container'
import type { Digest } from '#oci'
import { ImageMounts } from '#snapshot/chain/image-mounts'
import type { Engine } from '../engine.ts'

/** A container and whether its image must stay for it. */
export interface ImageUser {
  readonly id: string
  readonly name: string
  readonly isRunning: boolean
}

/** Returns the containers that run or mount one of the images, each once. */
export function containersOf(
  engine: Engine,
  images: readonly { readonly imageId: Digest }[],
): readonly ImageUser[] {
  return engine.records.containers
    .list()
    .map((record) => readContainer(engine, record))
    .filter(({ settings }) => images.some(({ imageId }) => uses(settings, imageId)))
    .map((container) => ({
      id: container.id,
      name: container.name,
      isRunning: isRunning(container),
    }))
}

/** Whether one of the images must stay, because a container uses it or a user has mounted it. */
export function isAnyUsed(
  engine: Engine,
  images: readonly { readonly imageId: Digest }[],
): boolean {
  const mounts = new ImageMounts(engine.run)
  return (
    containersOf(engine, images).length > 0 ||
    images.some(({ imageId }) => mounts.find(imageId) !== undefined)
  )
}

function uses({ image, mounts }: ContainerSettings, imageId: string): boolean {
  return image.id === imageId || mounts.some(({ image: mounted }) => mounted?.id === imageId)
}
