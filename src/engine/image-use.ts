import { readSettings } from '#container'
import type { Digest } from '#oci'
import type { Engine } from './engine.ts'

/** A container and whether its image must stay for it. */
export interface ImageUser {
  readonly id: string
  readonly name: string
  readonly isRunning: boolean
}

/** The containers that were made of an image. */
export function containersOf({ records }: Engine, imageId: Digest): readonly ImageUser[] {
  return records.containers
    .list()
    .filter((record) => readSettings(record).image.id === imageId)
    .map((record) => ({
      id: record.id,
      name: record.name,
      isRunning: record.state['status'] === 'running' || record.state['status'] === 'paused',
    }))
}
