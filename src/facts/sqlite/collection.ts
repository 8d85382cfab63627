import type { Digest } from '#oci'
import type { SqlRow } from '#platform'
import type { FreedMember, FreeLimits, RegistryCollection, UnheldClaim } from '#registry'
import { digestOf, kindNumber } from '../rows.ts'
import { noteUnheld, removeMember } from './members.ts'
import type { Backing } from './repository-facts.ts'

const free = `SELECT r.id, r.name, m.kind, m.digest, m.size, m.free_since
              FROM members m JOIN repositories r ON r.id = m.repository
              WHERE m.kind = ? AND m.free_since < ?`

/** What a collection asks, in the tables of `schema.ts`. */
export class SqliteCollection implements RegistryCollection {
  readonly #backing: Backing

  constructor(backing: Backing) {
    this.#backing = backing
  }

  removeFree(limits: FreeLimits, limit: number): Promise<readonly FreedMember[]> {
    const { database, writer, now } = this.#backing
    return writer.write(() => {
      const at = now()
      const query = `${free} ORDER BY m.free_since LIMIT ?`
      const ofKind = (kind: 'blob' | 'manifest', rest: number): SqlRow[] =>
        database.all(query, kindNumber[kind], limits[kind], rest)
      const manifests = ofKind('manifest', limit)
      const found = [...manifests, ...ofKind('blob', limit - manifests.length)]
      for (const row of found) {
        const { repository: name, kind, digest } = readFreed(row)
        // Nothing names it and no tag points to it, so its removal takes nothing else along.
        removeMember(database, { id: Number(row['id']), name }, { kind, digest }, at)
      }
      return found.map(readFreed)
    })
  }

  async *listFree(limits: FreeLimits): AsyncGenerator<FreedMember> {
    const query = `${free} AND (m.free_since, r.name, m.digest) > (?, ?, ?)
                   ORDER BY m.free_since, r.name, m.digest LIMIT 1000`
    for (const kind of ['manifest', 'blob'] as const) {
      for (let last = { freeSince: -1, repository: '', digest: '' }; ; ) {
        const page = this.#backing.database
          .all(query, kindNumber[kind], limits[kind], last.freeSince, last.repository, last.digest)
          .map(readFreed)
        yield* page
        if (page.length < 1000) break
        last = page.at(-1) ?? last
      }
    }
  }

  claimUnheld(before: number, limit: number): Promise<readonly UnheldClaim[]> {
    const { database, writer, now } = this.#backing
    return writer.write(() => {
      const query = `UPDATE unheld SET since = max(since + 1, ?) WHERE digest IN
                       (SELECT digest FROM unheld WHERE since < ? ORDER BY since LIMIT ?)
                     RETURNING digest, since,
                       EXISTS (SELECT 1 FROM members m WHERE m.digest = unheld.digest) AS held`
      return database.all(query, now(), before, limit).map((row) => ({
        digest: digestOf(row['digest']),
        claimedAt: Number(row['since']),
        isHeld: row['held'] === 1,
      }))
    })
  }

  forgetUnheld(claims: readonly UnheldClaim[]): Promise<void> {
    const { database, writer } = this.#backing
    return writer.write(() => {
      const remove = 'DELETE FROM unheld WHERE digest = ? AND since = ?'
      for (const { digest, claimedAt } of claims) database.run(remove, digest, claimedAt)
    })
  }

  noteUnheld(digests: readonly Digest[]): Promise<void> {
    const { database, writer, now } = this.#backing
    return writer.write(() => {
      for (const digest of digests) noteUnheld(database, digest, now())
    })
  }

  async isHeld(digest: Digest): Promise<boolean> {
    const query = 'SELECT 1 FROM members WHERE digest = ? LIMIT 1'
    return this.#backing.database.get(query, digest) !== undefined
  }
}

function readFreed(row: SqlRow): FreedMember {
  return {
    repository: String(row['name']),
    kind: row['kind'] === kindNumber.blob ? 'blob' : 'manifest',
    digest: digestOf(row['digest']),
    size: Number(row['size']),
    freeSince: Number(row['free_since']),
  }
}
