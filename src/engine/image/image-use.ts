import { type ContainerSettings, isRunning, readContainer } from '#container'
import type { Engine } from '../engine.ts'

/** A container and whether its image must stay for it. */
export interface ImageUser {
  readonly id: string
  readonly name: string
  readonly isRunning: boolean
}

/** Returns the containers that run or mount an image. */
export function containersOf(engine: Engine, imageId: string): readonly ImageUser[] {
  return engine.records.containers
    .list()
    .map((record) => readContainer(engine, record))
    .filter(({ settings }) => uses(settings, imageId))
    .map((container) => ({
      id: container.id,
      name: container.name,
      isRunning: isRunning(container),
    }))
}

function uses({ image, mounts }: ContainerSettings, imageId: string): boolean {
  return image.id === imageId || mounts.some(({ image: mounted }) => mounted?.id === imageId)
}
