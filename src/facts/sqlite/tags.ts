import type { Digest } from '#oci'
import type { Database } from '#platform'
import { freeUnlessHeld, type RepositoryRow } from './members.ts'

interface Move {
  readonly tag: string
  /** Absent: the tag is removed. */
  readonly digest?: Digest | undefined
  readonly by?: string | undefined
  readonly onlyNew?: boolean | undefined
  readonly at: number
}

/**
 * Moves or removes a tag in a transaction, and writes it into the log if that changes anything.
 * Returns false when `onlyNew` is set and the tag has another digest.
 */
export function moveTag(database: Database, { id, name }: RepositoryRow, move: Move): boolean {
  const { tag, digest, by, onlyNew = false, at } = move
  const before = 'SELECT digest FROM tags WHERE repository = ? AND name = ?'
  const previous = database.get(before, id, tag)?.['digest'] as Digest | undefined
  if (previous === digest) return true
  if (onlyNew && previous !== undefined) return false
  if (digest === undefined) {
    database.run('DELETE FROM tags WHERE repository = ? AND name = ?', id, tag)
  } else {
    database.run(
      `INSERT INTO tags (repository, name, digest, moved_at, moved_by) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET digest = excluded.digest, moved_at = excluded.moved_at,
         moved_by = excluded.moved_by`,
      ...[id, tag, digest, at, by ?? null],
    )
    database.run(
      'UPDATE members SET free_since = NULL WHERE repository = ? AND kind = 1 AND digest = ?',
      ...[id, digest],
    )
  }
  database.run(
    `INSERT INTO tag_moves
       (repository, tag, digest, previous, moved_at, moved_by, media_type, size)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, max(media_type), max(size)
     FROM members WHERE repository = ?7 AND kind = 1 AND digest = coalesce(?3, ?4)`,
    ...[name, tag, digest ?? null, previous ?? null, at, by ?? null, id],
  )
  if (previous !== undefined) freeUnlessHeld(database, id, previous, at)
  return true
}

/** Removes all tags of a manifest in a transaction. */
export function removeTags(
  database: Database,
  repository: RepositoryRow,
  digest: Digest,
  at: number,
): void {
  const query = 'SELECT name FROM tags WHERE repository = ? AND digest = ?'
  for (const { name } of database.all(query, repository.id, digest)) {
    moveTag(database, repository, { tag: String(name), at })
  }
}
