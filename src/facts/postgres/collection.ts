import type { Digest } from '#oci'
import type { SqlRow } from '#platform'
import type { FreedMember, FreeLimits, RegistryCollection, UnheldClaim } from '#registry'
import { digestOf, kindNumber } from '../rows.ts'
import type { Backing } from './repository-facts.ts'

/** What a collection asks, in PostgreSQL. Several replicas may collect at the same time. */
export class PostgresCollection implements RegistryCollection {
  readonly #backing: Backing

  constructor(backing: Backing) {
    this.#backing = backing
  }

  async removeFree(limits: FreeLimits, limit: number): Promise<readonly FreedMember[]> {
    const { postgres, now } = this.#backing
    const query =
      'SELECT * FROM strake_remove_free($1::bigint, $2::bigint, $3::integer, $4::bigint)'
    const rows = await postgres.query(query, limits.manifest, limits.blob, limit, now())
    return rows.map(readFreed)
  }

  async *listFree(limits: FreeLimits): AsyncGenerator<FreedMember> {
    const query = `SELECT r.name, m.kind, m.digest, m.size, m.free_since
                   FROM strake_members m JOIN strake_repositories r ON r.id = m.repository
                   WHERE m.kind = $1 AND m.free_since < $2::bigint
                     AND (m.free_since, r.name, m.digest) > ($3::bigint, $4, $5)
                   ORDER BY m.free_since, r.name, m.digest LIMIT 1000`
    for (const kind of ['manifest', 'blob'] as const) {
      for (let last = { freeSince: -1, repository: '', digest: '' }; ; ) {
        const { freeSince, repository, digest } = last
        const values = [kindNumber[kind], limits[kind], freeSince, repository, digest] as const
        const page = (await this.#backing.postgres.query(query, ...values)).map(readFreed)
        yield* page
        if (page.length < 1000) break
        last = page.at(-1) ?? last
      }
    }
  }

  async claimUnheld(before: number, limit: number): Promise<readonly UnheldClaim[]> {
    const { postgres, now } = this.#backing
    const query = 'SELECT * FROM strake_claim_unheld($1::bigint, $2::integer, $3::bigint)'
    const rows = await postgres.query(query, before, limit, now())
    return rows.map((row) => ({
      digest: digestOf(row['digest']),
      claimedAt: Number(row['since']),
      isHeld: row['held'] === true,
    }))
  }

  async forgetUnheld(claims: readonly UnheldClaim[]): Promise<void> {
    await this.#backing.postgres.query(
      `DELETE FROM strake_unheld u USING unnest($1::text[], $2::text[]) AS c (digest, since)
       WHERE u.digest = c.digest AND u.since = c.since::bigint`,
      claims.map(({ digest }) => digest),
      claims.map(({ claimedAt }) => String(claimedAt)),
    )
  }

  async noteUnheld(digests: readonly Digest[]): Promise<void> {
    const query = `INSERT INTO strake_unheld SELECT digest, $2::bigint
                   FROM unnest($1::text[]) AS digest
                   WHERE NOT EXISTS (SELECT 1 FROM strake_members m WHERE m.digest = digest.digest)
                   ON CONFLICT DO NOTHING`
    await this.#backing.postgres.query(query, digests, this.#backing.now())
  }

  async isHeld(digest: Digest): Promise<boolean> {
    const query = 'SELECT 1 FROM strake_members WHERE digest = $1 LIMIT 1'
    return (await this.#backing.postgres.query(query, digest)).length > 0
  }
}

function readFreed(row: SqlRow): FreedMember {
  return {
    repository: String(row['name']),
    kind: Number(row['kind']) === kindNumber.blob ? 'blob' : 'manifest',
    digest: digestOf(row['digest']),
    size: Number(row['size']),
    freeSince: Number(row['free_since']),
  }
}
