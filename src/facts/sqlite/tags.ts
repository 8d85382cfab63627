import type { Digest } from '#oci'
import type { Database } from '#platform'
import { isTaken, type Removal, type TagChange, type TagOutcome, tagsAgainst } from '#registry'
import { freeUnlessHeld, type RepositoryRow } from './members.ts'

interface Move extends TagChange {
  readonly tag: string
  /** Absent: the tag is removed. */
  readonly digest?: Digest | undefined
  readonly at: number
}

/**
 * Moves or removes a tag in a transaction, and writes it into the log if that changes anything. See
 * `RepositoryFacts.setTag` for the conditions.
 */
export function moveTag(database: Database, { id, name }: RepositoryRow, move: Move): TagOutcome {
  const { tag, digest, by, at } = move
  if (move.onlyHeld === true && digest !== undefined) {
    const held = 'SELECT 1 FROM members WHERE repository = ? AND kind = 1 AND digest = ?'
    if (database.get(held, id, digest) === undefined) return 'unheld'
  }
  const before = 'SELECT digest FROM tags WHERE repository = ? AND name = ?'
  const previous = database.get(before, id, tag)?.['digest'] as Digest | undefined
  if (previous === digest) return 'done'
  if (isTaken(previous, digest, move)) return 'taken'
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
  return 'done'
}

/**
 * Removes all tags of a manifest in a transaction. Returns those that are not among `onlyTags`, and
 * removes none then.
 */
export function removeTags(
  database: Database,
  repository: RepositoryRow,
  removal: Removal & { readonly digest: Digest; readonly at: number },
): readonly string[] {
  const { digest, by, at } = removal
  const query = 'SELECT name FROM tags WHERE repository = ? AND digest = ?'
  const tags = database.all(query, repository.id, digest).map(({ name }) => String(name))
  const others = tagsAgainst(tags, removal)
  if (others.length > 0) return others
  for (const tag of tags) moveTag(database, repository, { tag, by, at })
  return []
}
