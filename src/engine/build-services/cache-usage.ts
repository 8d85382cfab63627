import { cachedLayer } from '#build'
import { type Digest, isStrakeError } from '#oci'
import type { Engine } from '../engine.ts'
import { cacheMountUsage } from './cache-mounts.ts'

/** One recorded result of a step, or one directory of RUN --mount=type=cache. */
export interface CacheUsage {
  /** The key of the step, 64 hexadecimal digits, or the ID of the directory. */
  readonly id: string
  readonly kind: 'step' | 'mount'
  /** Bytes of its layer, or of the directory; 0 for a step that changed nothing. */
  readonly size: number
  readonly createdAt: Date
  readonly lastUsedAt: Date
  /** Removal frees the bytes: no image has the same layer, or no build uses the directory. */
  readonly isReclaimable: boolean
  /** A build uses the directory. */
  readonly isBusy: boolean
}

/** Returns the entries of the build cache, the last used one first. */
export async function cacheUsage(engine: Engine): Promise<readonly CacheUsage[]> {
  const shared = await imageLayers(engine)
  const results = engine.records.cache.list().map(({ key, value, createdAt, lastUsedAt }) => {
    const layer = cachedLayer(value)
    return {
      id: key,
      kind: 'step' as const,
      isBusy: false,
      size: layer?.size ?? 0,
      createdAt: new Date(createdAt),
      lastUsedAt: new Date(lastUsedAt),
      isReclaimable: layer === undefined || !shared.has(layer.digest),
    }
  })
  const mounts = (await cacheMountUsage(engine)).map((usage) => ({
    ...usage,
    kind: 'mount' as const,
    isReclaimable: !usage.isBusy,
  }))
  return [...results.toReversed(), ...mounts].toSorted(
    (a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime(),
  )
}

async function imageLayers(engine: Engine): Promise<ReadonlySet<Digest>> {
  const found = new Set<Digest>()
  for (const image of engine.records.images.list()) {
    try {
      for (const { diffId } of (await engine.openImage(image)).layers) found.add(diffId)
    } catch (error) {
      // The layers of a damaged image are unknown.
      if (!isStrakeError(error)) throw error
    }
  }
  return found
}
