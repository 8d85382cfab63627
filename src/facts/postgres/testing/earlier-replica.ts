import type { IndexedObject } from '#object-content'
import type { Descriptor, Digest } from '#oci'
import type { Postgres, SqlRow } from '#platform'

/** What replicas of the version with two steps of the schema send, statement by statement. */
export class EarlierReplica {
  readonly #postgres: Postgres
  readonly #now: () => number

  constructor(postgres: Postgres, now: () => number) {
    this.#postgres = postgres
    this.#now = now
  }

  async #add(
    name: string,
    kind: 0 | 1,
    descriptor: Descriptor,
    names: readonly string[],
  ): Promise<void> {
    await this.#postgres.query(
      `SELECT strake_add_member($1, $2::smallint, $3, $4, $5::bigint, $6, $7, $8, $9::bigint,
         $10::text[], $11::text[], $12::text[], $13::text[])`,
      ...[name, kind, descriptor.digest, descriptor.mediaType, descriptor.size, null, null],
      ...['carol', this.#now(), names, [], [], []],
    )
  }

  async addBlob(name: string, descriptor: Descriptor): Promise<void> {
    await this.#add(name, 0, descriptor, [])
  }

  async addManifest(name: string, descriptor: Descriptor, names: readonly Digest[]): Promise<void> {
    await this.#add(name, 1, descriptor, names)
  }

  async setTag(name: string, tag: string, digest: Digest | null): Promise<boolean> {
    const [row] = await this.#postgres.query(
      'SELECT strake_move_tag($1, $2, $3, $4, $5::boolean, $6::bigint) AS done',
      ...[name, tag, digest, null, false, this.#now()],
    )
    return row?.['done'] === true
  }

  async remove(name: string, kind: 0 | 1, digest: Digest): Promise<void> {
    const query = 'SELECT strake_remove_member($1, $2::smallint, $3, $4::bigint)'
    await this.#postgres.query(query, name, kind, digest, this.#now())
  }

  async removeFree(before: number): Promise<readonly SqlRow[]> {
    const query =
      'SELECT * FROM strake_remove_free($1::bigint, $2::bigint, $3::integer, $4::bigint)'
    return await this.#postgres.query(query, before, before, 100, this.#now())
  }

  async listUnheld(before: number): Promise<readonly string[]> {
    const query = `SELECT digest FROM strake_unheld WHERE since < $1::bigint
                     ORDER BY since LIMIT $2::integer`
    return (await this.#postgres.query(query, before, 100)).map(({ digest }) => String(digest))
  }

  async forgetUnheld(digests: readonly string[]): Promise<void> {
    await this.#postgres.query('DELETE FROM strake_unheld WHERE digest = ANY ($1::text[])', digests)
  }

  async noteUnheld(digests: readonly string[]): Promise<void> {
    const query = `SELECT strake_note_unheld(digest, $2::bigint) FROM unnest($1::text[]) AS digest`
    await this.#postgres.query(query, digests, this.#now())
  }

  async use(digest: Digest): Promise<string | undefined> {
    const query = `SELECT digest, key, size, used_at FROM strake_objects
                     WHERE digest = $1 AND NOT hidden`
    const [row] = await this.#postgres.query(query, digest)
    return row && String(row['key'])
  }

  async putObject({ digest, key, size }: IndexedObject): Promise<string> {
    const [row] = await this.#postgres.query(
      'SELECT * FROM strake_put_object($1, $2, $3::bigint, $4::bigint)',
      ...[digest, key, size, this.#now()],
    )
    return String(row?.['key'])
  }

  async hide(digest: Digest): Promise<void> {
    const update = `UPDATE strake_objects SET hidden = true WHERE digest = $1 AND NOT hidden
                      RETURNING digest, key, size, used_at`
    await this.#postgres.query(update, digest)
  }

  async removeObject({ digest, key }: IndexedObject): Promise<void> {
    await this.#postgres.query(
      `WITH gone AS (DELETE FROM strake_objects WHERE digest = $1 AND key = $2 AND hidden RETURNING key)
         INSERT INTO strake_trash SELECT key FROM gone ON CONFLICT DO NOTHING`,
      ...[digest, key],
    )
  }

  async putIngest(id: string, document: object, version: number): Promise<boolean> {
    const rows = await this.#postgres.query(
      `INSERT INTO strake_ingests AS i VALUES ($1, $2, $3::bigint, $4::bigint)
         ON CONFLICT (id) DO UPDATE SET document = excluded.document,
           version = excluded.version, changed_at = excluded.changed_at
           WHERE i.version = excluded.version - 1
         RETURNING 1`,
      ...[id, JSON.stringify(document), version, this.#now()],
    )
    return rows.length > 0
  }

  async putUpload(id: string, document: object): Promise<void> {
    await this.#postgres.query(
      `INSERT INTO strake_uploads VALUES ($1, $2, $3::bigint)
         ON CONFLICT (id) DO UPDATE SET document = excluded.document, used_at = excluded.used_at`,
      ...[id, JSON.stringify(document), this.#now()],
    )
  }
}
