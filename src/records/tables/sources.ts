import type { Digest } from '#oci'
import type { RecordsContext } from '../context.ts'

/** A repository where a blob was seen. */
export interface SourceRecord {
  /** `registry-1.docker.io`. */
  readonly registry: string
  readonly repository: string
  readonly seenAt: number
}

/**
 * Where blobs can be fetched again: to mount them instead of uploading, and to replace damaged
 * ones.
 */
export interface Sources {
  remember(digest: Digest, registry: string, repository: string): void
  /** Last seen first. */
  of(digest: Digest): SourceRecord[]
  /** Removes a repository that does not have the blob. */
  forget(digest: Digest, registry: string, repository: string): void
}

export function createSources({ database, now }: RecordsContext): Sources {
  return {
    remember: (digest, registry, repository) => {
      database.run(
        'INSERT OR REPLACE INTO sources (digest, registry, repository, seen_at) VALUES (?,?,?,?)',
        digest,
        registry,
        repository,
        now(),
      )
    },
    of: (digest) =>
      database
        .values(
          'SELECT registry, repository, seen_at FROM sources WHERE digest = ? ORDER BY seen_at DESC, registry, repository',
          digest,
        )
        .map(([registry, repository, seenAt]) => ({
          registry: String(registry),
          repository: String(repository),
          seenAt: Number(seenAt),
        })),
    forget: (digest, registry, repository) => {
      database.run(
        'DELETE FROM sources WHERE digest = ? AND registry = ? AND repository = ?',
        digest,
        registry,
        repository,
      )
    },
  }
}
