import type { Digest } from '#oci'
import type { RecordsContext } from '../context.ts'

/** A place where a blob was seen. */
export interface SourceRecord {
  /** `registry-1.docker.io`. */
  readonly registry: string
  readonly repository: string
  readonly seenAt: number
}

/** Where blobs can be had again: to mount instead of uploading, and to mend what is damaged. */
export interface Sources {
  remember(digest: Digest, registry: string, repository: string): void
  /** Last seen first. */
  of(digest: Digest): SourceRecord[]
  /** It was not there after all. */
  forget(digest: Digest, registry: string, repository: string): void
}

export function createSources({ database, now }: RecordsContext): Sources {
  return {
    remember: (digest, registry, repository) => {
      database.run(
        'INSERT OR REPLACE INTO sources (digest, registry, repository, seen_at) VALUES (?,?,?,?)',
        ...[digest, registry, repository, now()],
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
        ...[digest, registry, repository],
      )
    },
  }
}
