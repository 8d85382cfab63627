import { cachedLayer } from '#build'
import { type Digest, isStrakeError } from '#oci'
import type { Engine } from '../engine.ts'

/** One result that builds remember. */
export interface CacheUsage {
  /** The key of the step, 64 hexadecimal digits. */
  readonly id: string
  /** Bytes of its layer; 0 for a step that changed nothing. */
  readonly size: number
  readonly createdAt: Date
  readonly lastUsedAt: Date
  /** An image has the same layer: forgetting the result frees nothing. */
  readonly isShared: boolean
}

/** What builds remember, used last comes first. */
export async function cacheUsage(engine: Engine): Promise<readonly CacheUsage[]> {
  const shared = await imageLayers(engine)
  return engine.records.cache
    .list()
    .toReversed()
    .map(({ key, value, createdAt, lastUsedAt }) => {
      const layer = cachedLayer(value)
      return {
        id: key,
        size: layer?.size ?? 0,
        createdAt: new Date(createdAt),
        lastUsedAt: new Date(lastUsedAt),
        isShared: layer !== undefined && shared.has(layer.digest),
      }
    })
}

async function imageLayers(engine: Engine): Promise<ReadonlySet<Digest>> {
  const found = new Set<Digest>()
  for (const image of engine.records.images.list()) {
    try {
      for (const { diffId } of (await engine.openImage(image)).layers) found.add(diffId)
    } catch (error) {
      // Of a damaged image nothing is known.
      if (!isStrakeError(error)) throw error
    }
  }
  return found
}
