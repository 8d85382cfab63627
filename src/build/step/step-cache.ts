import { type Descriptor, isDigest, mediaType } from '#oci'
import type { HttpMaterial, Material } from '../model/provenance.ts'
import type { StateLayer } from '../model/state.ts'
import type { CacheKey } from './key.ts'
import type { StepServices } from './workspace.ts'

type CacheContext = Pick<StepServices, 'cache' | 'store' | 'lease'>

/** A result of an earlier build, of this machine or of another. */
export interface FoundStep {
  readonly layer: CachedResult
  /** The key of the content that the step used, in hex, if the definition key found it. */
  readonly contentKey?: string | undefined
}

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

/** Returns the result of `key` in the store, or else in a cache of another machine. */
export async function findStep(
  services: CacheContext & Pick<StepServices, 'pending'>,
  key: CacheKey,
  signal: AbortSignal,
): Promise<FoundStep | undefined> {
  const layer = await findCached(services, key, signal)
  if (layer === undefined) return services.pending.find(key.hash)
  return { layer, contentKey: readContentKey(services.cache.get(key.hash)) }
}

function readContentKey(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('content' in value)) return undefined
  return typeof value.content === 'string' ? value.content : undefined
}

/** What is recorded beside a layer. */
export interface ResultFacts {
  /** The key of the content that the step used, if it is not the key of the result. */
  readonly content?: Pick<CacheKey, 'hash'> | undefined
  /** What a command downloaded through the proxy. Absent for a command without a proxy. */
  readonly downloads?: readonly Material[] | undefined
}

export function rememberResult(
  { cache }: Pick<CacheContext, 'cache'>,
  key: Pick<CacheKey, 'hash'>,
  layer: StateLayer | undefined,
  { content, downloads }: ResultFacts = {},
): void {
  const contentKey = content?.hash === key.hash ? undefined : content?.hash
  const value = { layer: layer ?? null, content: contentKey, downloads }
  cache.put(key.hash, value, { size: layer?.descriptor.size ?? 0 })
}

/** What the command of a cached result downloaded. `undefined` when that was not recorded. */
export function cachedDownloads(
  { cache }: Pick<CacheContext, 'cache'>,
  key: CacheKey,
): readonly HttpMaterial[] | undefined {
  const value = cache.get(key.hash)
  if (typeof value !== 'object' || value === null || !('downloads' in value)) return undefined
  const { downloads } = value
  if (!Array.isArray(downloads)) return undefined
  return downloads.flatMap((each: unknown): readonly HttpMaterial[] => {
    if (typeof each !== 'object' || each === null || !('url' in each && 'digest' in each)) return []
    const { url, digest } = each
    if (typeof url !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return []
    return [{ kind: 'http', url, digest, isDownload: true }]
  })
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
