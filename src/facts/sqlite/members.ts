import type { Digest } from '#oci'
import type { Database } from '#platform'
import type { Member, MemberKind } from '#registry'
import { describedJson, kindNumber } from '../rows.ts'

// Every function is called in a transaction.

/** A repository's row. */
export interface RepositoryRow {
  readonly id: number
  readonly name: string
}

export function findRepository(database: Database, name: string): RepositoryRow | undefined {
  const id = database.get('SELECT id FROM repositories WHERE name = ?', name)?.['id']
  return id === undefined ? undefined : { id: Number(id), name }
}

export function enterRepository(database: Database, name: string, at: number): RepositoryRow {
  const known = findRepository(database, name)
  if (known !== undefined) return known
  const insert = 'INSERT INTO repositories (name, created_at) VALUES (?, ?) RETURNING id'
  return { id: Number(database.get(insert, name, at)?.['id']), name }
}

interface Addition {
  readonly at: number
  readonly by?: string | undefined
}

/** Adds a member. A known member keeps its sender and its holders. Returns true for a new one. */
export function addMember(
  database: Database,
  repository: RepositoryRow,
  member: Member,
  { at, by }: Addition,
): boolean {
  const { kind, descriptor, subject, names = [] } = member
  const { mediaType, digest, size } = descriptor
  const { id } = repository
  const isKnown = sizeOf(database, id, kind, digest) !== undefined
  const described = describedJson(descriptor)
  if (isKnown) {
    database.run(
      `UPDATE members SET media_type = ?, size = ?, described = ?, subject = ?, added_at = ?
       WHERE repository = ? AND kind = ? AND digest = ?`,
      ...[mediaType, size, described, subject ?? null, at, id, kindNumber[kind], digest],
    )
  } else {
    database.run(
      `INSERT INTO members
         (repository, kind, digest, media_type, size, described, subject, added_at, added_by)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[
        id,
        kindNumber[kind],
        digest,
        mediaType,
        size,
        described,
        subject ?? null,
        at,
        by ?? null,
      ],
    )
    countBytes(database, [`r/${repository.name}`, by === undefined ? undefined : `s/${by}`], size)
  }
  for (const named of names) {
    database.run('INSERT OR IGNORE INTO named VALUES (?, ?, ?)', id, digest, named)
    const held = 'UPDATE members SET free_since = NULL WHERE repository = ? AND digest = ?'
    database.run(held, id, named)
  }
  if (kind === 'manifest') {
    // Its referrers may have come before it.
    const held = 'UPDATE members SET free_since = NULL WHERE repository = ? AND subject = ?'
    database.run(held, id, digest)
  }
  freeUnlessHeld(database, id, digest, at)
  return !isKnown
}

/** Removes a member, with the tags of a manifest left to the caller. Frees what only it held. */
export function removeMember(
  database: Database,
  repository: RepositoryRow,
  { kind, digest }: { readonly kind: MemberKind; readonly digest: Digest },
  at: number,
): void {
  const { id, name } = repository
  const removed = database.get(
    `DELETE FROM members WHERE repository = ? AND kind = ? AND digest = ?
     RETURNING size, added_by`,
    id,
    kindNumber[kind],
    digest,
  )
  if (removed === undefined) return
  const by = removed['added_by']
  const scopes = [`r/${name}`, by === null ? undefined : `s/${by}`]
  countBytes(database, scopes, -Number(removed['size']))
  if (kind === 'manifest') {
    const named = 'DELETE FROM named WHERE repository = ? AND manifest = ? RETURNING digest'
    for (const row of database.all(named, id, digest)) {
      freeUnlessHeld(database, id, row['digest'] as Digest, at)
    }
    const referrers = 'SELECT digest FROM members WHERE repository = ? AND subject = ?'
    for (const row of database.all(referrers, id, digest)) {
      freeUnlessHeld(database, id, row['digest'] as Digest, at)
    }
  }
  noteUnheld(database, digest, at)
}

/** Records that no repository holds a digest, if that is so. */
export function noteUnheld(database: Database, digest: Digest, at: number): void {
  database.run(
    `INSERT INTO unheld SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM members WHERE digest = ?1)
     ON CONFLICT DO UPDATE SET since = max(since + 1, excluded.since)`,
    digest,
    at,
  )
}

/** Sets since when nothing holds a member, of either kind, unless something does. */
export function freeUnlessHeld(database: Database, id: number, digest: Digest, at: number): void {
  database.run(
    `UPDATE members AS m SET free_since = coalesce(free_since, ?3)
     WHERE repository = ?1 AND digest = ?2
       AND NOT EXISTS (SELECT 1 FROM named n WHERE n.repository = ?1 AND n.digest = ?2)
       AND NOT EXISTS (SELECT 1 FROM tags t WHERE m.kind = 1 AND t.repository = ?1 AND t.digest = ?2)
       AND NOT EXISTS (SELECT 1 FROM members s
                       WHERE s.repository = ?1 AND s.kind = 1 AND s.digest = m.subject)`,
    id,
    digest,
    at,
  )
}

function sizeOf(
  database: Database,
  id: number,
  kind: MemberKind,
  digest: Digest,
): number | undefined {
  const query = 'SELECT size FROM members WHERE repository = ? AND kind = ? AND digest = ?'
  const row = database.get(query, id, kindNumber[kind], digest)
  return row === undefined ? undefined : Number(row['size'])
}

function countBytes(
  database: Database,
  scopes: readonly (string | undefined)[],
  bytes: number,
): void {
  for (const scope of scopes) {
    if (scope === undefined) continue
    database.run(
      `INSERT INTO usage VALUES (?1, ?2) ON CONFLICT DO UPDATE SET bytes = bytes + ?2`,
      scope,
      bytes,
    )
  }
}
