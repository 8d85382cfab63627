import { isRunning, readContainer } from '#container'
import type { Engine } from '../engine.ts'

/** A container and whether its image must stay for it. */
export interface ImageUser {
  readonly id: string
  readonly name: string
  readonly isRunning: boolean
}

/** Returns the containers of an image. */
export function containersOf(engine: Engine, imageId: string): readonly ImageUser[] {
  return engine.records.containers
    .list()
    .map((record) => readContainer(engine, record))
    .filter(({ settings }) => settings.image.id === imageId)
    .map((container) => ({
      id: container.id,
      name: container.name,
      isRunning: isRunning(container),
    }))
}
