import { type Descriptor, isDigest, mediaType } from '#oci'
import type { StateLayer } from '../model/state.ts'
import type { CacheKey } from './key.ts'
import type { StepServices } from './workspace.ts'

type CacheContext = Pick<StepServices, 'cache' | 'store' | 'lease'>

/** The cached result of a step: a layer, or `null` for a step that changed nothing. */
export type CachedResult = StateLayer | null

/** Returns the cached result of `key` if its blob is still in the store. */
export async function findCached(
  { cache, store, lease }: CacheContext,
  key: CacheKey,
  signal: AbortSignal,
): Promise<CachedResult | undefined> {
  const result = readResult(cache.get(key.hash))
  if (result === undefined || result === null) return result
  // The lease holds the blob before the check, so that it is still there at its use.
  await lease.hold(result.descriptor.digest)
  if (await store.has(result.descriptor, signal)) return result
  cache.remove(key.hash)
  return undefined
}

export function rememberResult(
  { cache }: CacheContext,
  key: CacheKey,
  layer: StateLayer | undefined,
): void {
  const value = { layer: layer ?? null }
  cache.put(key.hash, value, { size: layer?.descriptor.size ?? 0 })
}

/** The layer of a cache record, for garbage collection. */
export function cachedLayer(value: unknown): Descriptor | undefined {
  return readResult(value)?.descriptor
}

function readResult(value: unknown): CachedResult | undefined {
  if (typeof value !== 'object' || value === null || !('layer' in value)) return undefined
  const { layer } = value
  if (layer === null) return null
  if (typeof layer !== 'object' || !('descriptor' in layer)) return undefined
  const { descriptor } = layer
  if (typeof descriptor !== 'object' || descriptor === null) return undefined
  if (!('digest' in descriptor && 'size' in descriptor)) return undefined
  const { digest, size } = descriptor
  if (typeof digest !== 'string' || !isDigest(digest) || typeof size !== 'number') return undefined
  const epoch = 'epoch' in layer && typeof layer.epoch === 'number' ? layer.epoch : undefined
  return {
    descriptor: { mediaType: mediaType.ociLayer, digest, size },
    diffId: digest,
    epoch,
    isAdditive: 'isAdditive' in layer && layer.isAdditive === true ? true : undefined,
  }
}
