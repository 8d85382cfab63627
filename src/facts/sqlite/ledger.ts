import type { Digest } from '#oci'
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
import { bytesBelow, bytesOf } from './quota.ts'
import { type Backing, idOf, pageSize } from './repository-facts.ts'

/** The ledger of a registry in the tables of `schema.ts`. */
export class SqliteLedger implements RegistryLedger {
  readonly #backing: Backing

  constructor(backing: Backing) {
    this.#backing = backing
  }

  async tagMoves(
    repository: string,
    tag: string,
    {
      limit,
      before = Number.MAX_SAFE_INTEGER,
      olderThan = Number.MAX_SAFE_INTEGER,
      digest,
    }: MoveQuery,
  ): Promise<readonly TagMove[]> {
    const rows = this.#backing.database.all(
      `SELECT id, digest, previous, moved_at, moved_by, media_type, size FROM tag_moves
       WHERE repository = ?1 AND tag = ?2 AND id < ?3 AND moved_at < ?4
         AND (?5 IS NULL OR coalesce(digest, previous) = ?5)
       ORDER BY id DESC LIMIT ?6`,
      ...[repository, tag, before, olderThan, digest ?? null, limit],
    )
    return rows.map(readMove)
  }

  async *tags(
    repository: string,
    { after = '' }: { readonly after?: string } = {},
  ): AsyncGenerator<TagRecord> {
    const query = `SELECT name, digest, moved_at, moved_by, pulled_at FROM tags
                   WHERE repository = ${idOf} AND name > ? ORDER BY name LIMIT ${pageSize}`
    for (let last = after; ; ) {
      const page = this.#backing.database.all(query, repository, last).map(readTag)
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
    const query = `SELECT ${memberColumns}, ${recordColumns} FROM members
                   WHERE repository = ${idOf} AND kind = ? AND digest > ?
                   ORDER BY digest LIMIT ${pageSize}`
    for (let last: string = after ?? ''; ; ) {
      const page = this.#backing.database
        .all(query, repository, kindNumber[kind], last)
        .map(readMemberRecord)
      yield* page
      if (page.length < pageSize) return
      last = page.at(-1)?.descriptor.digest ?? last
    }
  }

  async notePulls(pulls: readonly Pull[]): Promise<void> {
    const { database, writer } = this.#backing
    await writer.write(() => {
      for (const { repository, digest, tag, at } of pulls) {
        const member = `UPDATE members SET pulled_at = max(coalesce(pulled_at, 0), ?)
                        WHERE repository = ${idOf} AND kind = 1 AND digest = ?`
        database.run(member, at, repository, digest)
        if (tag === undefined) continue
        const tags = `UPDATE tags SET pulled_at = max(coalesce(pulled_at, 0), ?)
                      WHERE repository = ${idOf} AND name = ?`
        database.run(tags, at, repository, tag)
      }
    })
  }

  async usage(prefix = ''): Promise<Usage> {
    const { database } = this.#backing
    // The first name behind all that begin with the prefix and a slash: '0' follows '/'.
    const inside = prefix === '' ? '1' : `(name = ?1 OR (name > ?1 || '/' AND name < ?1 || '0'))`
    const names = `SELECT id FROM repositories WHERE ${inside}`
    const values = prefix === '' ? [] : [prefix]
    const count = (query: string): number => Number(database.values(query, ...values)[0]?.[0] ?? 0)
    return {
      repositories: count(`SELECT count(*) FROM (${names})`),
      manifests: count(`SELECT count(*) FROM members WHERE kind = 1 AND repository IN (${names})`),
      tags: count(`SELECT count(*) FROM tags WHERE repository IN (${names})`),
      bytes: bytesBelow(database, prefix),
    }
  }

  async usageOf(sender: string): Promise<number> {
    return bytesOf(this.#backing.database, sender)
  }
}
