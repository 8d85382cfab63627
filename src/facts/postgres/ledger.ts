import type { Digest } from '#oci'
import type { SqlRow } from '#platform'
import type {
  MemberKind,
  MemberRecord,
  MoveQuery,
  Pull,
  RegistryLedger,
  TagMove,
  TagRecord,
  Usage,
} from '#registry'
import {
  kindNumber,
  memberColumns,
  readMemberRecord,
  readMove,
  readTag,
  recordColumns,
} from '../rows.ts'
import { type Backing, idOf, pageSize } from './repository-facts.ts'

/** The ledger of a registry in PostgreSQL. */
export class PostgresLedger implements RegistryLedger {
  readonly #backing: Backing

  constructor(backing: Backing) {
    this.#backing = backing
  }

  async tagMoves(
    repository: string,
    tag: string,
    { limit, before, olderThan, digest }: MoveQuery,
  ): Promise<readonly TagMove[]> {
    const rows = await this.#backing.postgres.query(
      `SELECT id, digest, previous, moved_at, moved_by, media_type, size FROM strake_tag_moves
       WHERE repository = $1 AND tag = $2 AND ($3::bigint IS NULL OR id < $3)
         AND ($4::bigint IS NULL OR moved_at < $4)
         AND ($5::text IS NULL OR coalesce(digest, previous) = $5)
       ORDER BY id DESC LIMIT $6::integer`,
      ...[repository, tag, before ?? null, olderThan ?? null, digest ?? null, limit],
    )
    return rows.map(readMove)
  }

  async *tags(
    repository: string,
    { after = '' }: { readonly after?: string } = {},
  ): AsyncGenerator<TagRecord> {
    const query = `SELECT name, digest, moved_at, moved_by, pulled_at FROM strake_tags
                   WHERE repository = ${idOf} AND name > $2 ORDER BY name LIMIT ${pageSize}`
    for (let last = after; ; ) {
      const page = (await this.#backing.postgres.query(query, repository, last)).map(readTag)
      yield* page
      if (page.length < pageSize) return
      last = page.at(-1)?.name ?? last
    }
  }

  async *members(
    repository: string,
    kind: MemberKind,
    { after }: { readonly after?: Digest } = {},
  ): AsyncGenerator<MemberRecord> {
    const query = `SELECT ${memberColumns}, ${recordColumns} FROM strake_members
                   WHERE repository = ${idOf} AND kind = $2 AND digest > $3
                   ORDER BY digest LIMIT ${pageSize}`
    for (let last: string = after ?? ''; ; ) {
      const rows = await this.#backing.postgres.query(query, repository, kindNumber[kind], last)
      const page = rows.map(readMemberRecord)
      yield* page
      if (page.length < pageSize) return
      last = page.at(-1)?.descriptor.digest ?? last
    }
  }

  async notePulls(pulls: readonly Pull[]): Promise<void> {
    const columns = [
      pulls.map(({ repository }) => repository),
      pulls.map(({ digest }) => digest),
      pulls.map(({ tag }) => tag ?? ''),
      pulls.map(({ at }) => String(at)),
    ]
    await this.#backing.postgres.query(
      `WITH pulls AS (
         SELECT r.id, p.digest, p.tag, p.at::bigint AS at
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS p (name, digest, tag, at)
         JOIN strake_repositories r ON r.name = p.name
       ), tags AS (
         UPDATE strake_tags t SET pulled_at = greatest(coalesce(pulled_at, 0), p.at) FROM pulls p
         WHERE t.repository = p.id AND t.name = p.tag
       )
       UPDATE strake_members m SET pulled_at = greatest(coalesce(pulled_at, 0), p.at) FROM pulls p
       WHERE m.repository = p.id AND m.kind = 1 AND m.digest = p.digest`,
      ...columns,
    )
  }

  async usage(prefix = ''): Promise<Usage> {
    const names = `SELECT id FROM strake_repositories
                   WHERE $1 = '' OR name = $1 OR (name > $1 || '/' AND name < $1 || '0')`
    const [row] = await this.#backing.postgres.query(
      `WITH names AS (${names}) SELECT
         (SELECT count(*) FROM names) AS repositories,
         (SELECT count(*) FROM strake_members WHERE kind = 1 AND repository IN (SELECT id FROM names))
           AS manifests,
         (SELECT count(*) FROM strake_tags WHERE repository IN (SELECT id FROM names)) AS tags,
         strake_used(CASE WHEN $1 = '' THEN 'r' ELSE 'r/' || $1 END) AS bytes`,
      prefix,
    )
    const count = (name: string): number => Number((row as SqlRow | undefined)?.[name] ?? 0)
    return {
      repositories: count('repositories'),
      manifests: count('manifests'),
      tags: count('tags'),
      bytes: count('bytes'),
    }
  }

  async usageOf(sender: string): Promise<number> {
    const query = 'SELECT bytes FROM strake_usage WHERE scope = $1'
    const [row] = await this.#backing.postgres.query(query, `s/${sender}`)
    return Number(row?.['bytes'] ?? 0)
  }
}
