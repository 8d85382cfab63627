import type { Descriptor, Digest } from '#oci'

/**
 * The media type of BuildKit's cache configuration, which also strake writes. BuildKit has no
 * written specification of it beyond its type definitions.
 *
 * @see https://github.com/moby/buildkit/blob/v0.34.2/cache/remotecache/v1/types/spec.go
 */
export const cacheConfigType = 'application/vnd.buildkit.cacheconfig.v0'

/** Results of build steps, and the layers that they refer to by index. */
export interface CacheConfig {
  readonly layers: readonly CacheLayer[]
  readonly records: readonly CacheRecord[]
  /** Cache mounts. Only strake writes them. */
  readonly mounts: readonly PortableMount[]
}

/** A layer, and the layer below it. */
export interface CacheLayer {
  readonly blob: Digest
  /** The index of the layer below; -1 for none. */
  readonly parent: number
  /** Only in caches without a manifest, which has the descriptors otherwise. */
  readonly details?: LayerDetails | undefined
}

export interface LayerDetails {
  readonly mediaType: string
  readonly diffId: Digest
  /** Bytes of the blob. */
  readonly size: number
}

/** The result of one step. */
export interface CacheRecord {
  /** Identifies the step. BuildKit also writes names here that are no digests. */
  readonly digest: string
  /** Indexes of layers. Each stands for a file system: the layer and all layers below it. */
  readonly results: readonly number[]
  /** Lists of layers that make a file system together, bottom first. */
  readonly chains: readonly (readonly number[])[]
  /** For every input of the step, the records that it may be. */
  readonly inputs: readonly (readonly CacheLink[])[]
  /** What strake knows of its own steps. Absent in records of BuildKit. */
  readonly step?: StepFacts | undefined
}

export interface CacheLink {
  /** The index of a record. */
  readonly record: number
  readonly selector?: string | undefined
}

/** The result of a step of strake. */
export interface StepFacts {
  /** `null` when the step changed nothing. */
  readonly layer: LayerFactsOfStep | null
  /** The key of the content that the step used, in hex. Absent when it is not known. */
  readonly contentKey?: string | undefined
  /** The platforms whose builds used the result, in Docker's format. */
  readonly platforms: readonly string[]
}

export interface LayerFactsOfStep {
  readonly diffId: Digest
  /** Bytes of the uncompressed archive. */
  readonly size: number
  /** Seconds since 1970 that the times of files were clamped to. */
  readonly epoch?: number | undefined
  readonly isAdditive?: boolean | undefined
}

/** The contents of a cache mount: a tar archive, cut into compressed pieces. */
export interface PortableMount {
  /** The ID of the mount. */
  readonly id: string
  /** Bytes of the archive. */
  readonly size: number
  readonly pieces: readonly Descriptor[]
}

/** A result that was found in a cache. */
export interface KnownResult {
  readonly facts: StepFacts
  /** The layer's blob. Absent when the cache has only the name of the layer. */
  readonly blob?: Descriptor | undefined
}
