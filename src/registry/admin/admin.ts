import type { CollectionAdmin } from '../collect/collector.ts'
import type { CachedManifest } from '../proxy/trim/cached.ts'
import type { TrimReport } from '../proxy/trim/trim-cache.ts'

/** What an administrator of a served registry sees and does. */
export interface RegistryAdmin {
  /** Absent for a registry without users. */
  readonly tokens?: TokenAdmin | undefined
  readonly collection: CollectionAdmin
  /** Absent for a registry without caches of others. */
  readonly caches?: CacheAdmin | undefined
  /** Returns the quotas of the configuration and how much of each is used. Absent without any. */
  quotas?(): Promise<readonly QuotaUse[]>
}

export interface QuotaUse {
  /** `team` and what is below it, `user alice`, or the whole registry. */
  readonly of: string
  readonly bytes: number
  readonly used: number
}

/** Tokens without their secrets. */
export interface TokenAdmin {
  /**
   * Returns the newest tokens and then the newest logins, at most some hundreds; those of all owners
   * without one.
   */
  list(owner?: string): Promise<readonly ListedToken[]>
  /** Throws `INVALID` for a name, a scope or a lifetime that cannot be. */
  create(wanted: NewToken): Promise<MadeToken>
  /** Ends a token; one of others only without an `owner`. Throws `NOT_FOUND`. */
  revoke(id: string, owner?: string): Promise<void>
}

/** Times are milliseconds since 1970. */
export interface ListedToken {
  readonly id: string
  readonly kind: 'user' | 'robot' | 'refresh' | 'session'
  readonly owner: string
  readonly label: string
  readonly scopes?: readonly string[] | undefined
  readonly createdAt: number
  readonly usedAt?: number | undefined
  readonly expiresAt?: number | undefined
}

export interface NewToken {
  readonly kind: 'user' | 'robot'
  readonly owner: string
  readonly label: string
  /** Limits such as `team/**:pull`. Default: everything that the owner may do. */
  readonly scopes?: readonly string[] | undefined
  /** Milliseconds. Default: it does not end by itself. */
  readonly lifetime?: number | undefined
}

export interface MadeToken {
  readonly id: string
  /** The secret, which is recorded nowhere. */
  readonly text: string
  /** The name that logs in with it. */
  readonly login: string
}

/** The caches of other registries, all together. */
export interface CacheAdmin {
  list(): Promise<ListedCache>
  /** Removes what was pulled longest ago. Fixed tags and what is in use stay. */
  prune(limits: PruneLimits): Promise<TrimReport>
}

export interface ListedCache {
  readonly bytes: number
  readonly maxSize?: number | undefined
  readonly manifests: number
  /** Those that were pulled last. */
  readonly first: readonly CachedManifest[]
}

/** What may stay; one of the two is given. */
export interface PruneLimits {
  /** Bytes. */
  readonly keep?: number | undefined
  /** Milliseconds for which a manifest was not pulled. */
  readonly unusedFor?: number | undefined
}
