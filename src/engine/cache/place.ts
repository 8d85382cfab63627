import type { CacheConfig } from '#build'
import type { ContentSource, ContentStore } from '#content'
import type { Descriptor, Digest } from '#oci'

/** A cache as it was read. */
export interface StoredCache {
  readonly config: CacheConfig
  /** The descriptors of its layers. */
  readonly blobs: ReadonlyMap<Digest, Descriptor>
}

/** Blobs of a cache. */
export type CacheContent = ContentSource & Pick<ContentStore, 'write'>

/** A place that keeps a cache: a directory, a repository of a registry, a bucket. */
export interface CachePlace {
  /** For messages. */
  readonly name: string
  readonly content: CacheContent
  /** Returns the caches of this name: none, one, or one for each image of an index. */
  read(signal?: AbortSignal): Promise<readonly StoredCache[]>
  /** Replaces the cache. Its blobs are there already. */
  write(cache: StoredCache, signal?: AbortSignal): Promise<void>
  /** True when the configuration must describe its layers itself. */
  readonly hasDetails: boolean
  /** Ends the use of a place whose cache was not written. */
  [Symbol.dispose]?(): void
}

export interface OpenPlace {
  readonly place: CachePlace
  /** Returns a repository of the same registry that is known to have a blob. */
  readonly mountFrom?: ((blob: Descriptor) => string | undefined) | undefined
}
