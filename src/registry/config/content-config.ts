/** What the configuration says about content: caches, collection, retention, fixed tags and quotas. */
export interface ContentConfig {
  readonly proxy?: ProxyConfig
  readonly collect?: CollectConfig
  readonly retention?: readonly RetentionConfig[]
  readonly fixedTags?: readonly FixedTagsConfig[]
  readonly quotas?: readonly QuotaConfig[]
}

export interface ProxyConfig {
  readonly mirror?: string
  /** Bytes. */
  readonly maxSize?: number
  readonly upstreams?: readonly UpstreamConfig[]
}

export interface UpstreamConfig {
  readonly name: string
  readonly url?: string
  readonly ttl?: number
  readonly path?: string
  readonly repositories?: readonly string[]
  readonly tags?: readonly string[]
  readonly maxBlobSize?: number
}

/** Durations are milliseconds. */
export interface CollectConfig {
  readonly interval?: number
  readonly untagged?: number
  readonly unused?: number
  readonly inUseFile?: string
}

export interface RetentionConfig {
  readonly repositories: readonly string[]
  readonly tags?: readonly string[]
  readonly keep: RetentionKeepConfig
}

export interface RetentionKeepConfig {
  readonly newestPushed?: number
  readonly newestPulled?: number
  readonly pushedWithin?: number
  readonly pulledWithin?: number
}

export interface FixedTagsConfig {
  readonly repositories: readonly string[]
  readonly tags: readonly string[]
}

export interface QuotaConfig {
  readonly prefix?: string
  readonly eachUser?: boolean
  readonly bytes: number
}
