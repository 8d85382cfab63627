import type { IndexedObject, IngestState, ObjectIndex, UsedObject } from '#object-content'
import type { Digest } from '#oci'
import type { SqlRow } from '#platform'
import { digestOf } from '../rows.ts'
import { inTime } from './in-time.ts'
import type { Backing } from './repository-facts.ts'

/** Milliseconds by which the time of use of an object may be too early. */
const usedResolution = 60_000

const columns = 'digest, key, size, used_at'

/** Milliseconds after which the process that has hidden an object has ended. */
const hiddenFor = 60_000

/** The condition that an object is not hidden; `$2` is the present time. */
const isVisible = `(NOT hidden OR coalesce(hidden_at, 0) < $2::bigint - ${hiddenFor})`

/** Rows that one query reads. */
const pageSize = 1000

/** The step of the schema for the objects of a bucket; see also `contentQueue`. */
export const objectTables = `CREATE TABLE strake_objects (
     digest text COLLATE "C" PRIMARY KEY,
     key text NOT NULL,
     size bigint NOT NULL,
     used_at bigint NOT NULL,
     -- a collection is deciding about it
     hidden boolean NOT NULL DEFAULT false
   );
   CREATE TABLE strake_ingests (
     id text PRIMARY KEY,
     document text NOT NULL,
     version bigint NOT NULL,
     changed_at bigint NOT NULL
   );
   CREATE TABLE strake_trash (key text PRIMARY KEY);

   -- The first object of a digest stays, and the other one is queued. One that is being collected
   -- gives way.
   CREATE FUNCTION strake_put_object(digest_ text, key_ text, size_ bigint, at_ bigint)
   RETURNS SETOF strake_objects LANGUAGE plpgsql AS $$
   DECLARE known_ strake_objects;
   BEGIN
     INSERT INTO strake_objects VALUES (digest_, key_, size_, at_, false) ON CONFLICT DO NOTHING;
     SELECT * INTO known_ FROM strake_objects WHERE digest = digest_ FOR UPDATE;
     IF known_.hidden THEN
       INSERT INTO strake_trash VALUES (known_.key) ON CONFLICT DO NOTHING;
       UPDATE strake_objects SET key = key_, size = size_, used_at = at_, hidden = false
         WHERE digest = digest_ RETURNING * INTO known_;
     ELSIF known_.key <> key_ THEN
       INSERT INTO strake_trash VALUES (key_) ON CONFLICT DO NOTHING;
       UPDATE strake_objects SET used_at = at_ WHERE digest = digest_ RETURNING * INTO known_;
     END IF;
     RETURN NEXT known_;
   END $$;`

/** Which objects of a bucket have which blobs, in PostgreSQL. */
export function createPostgresObjectIndex({ postgres, now, deadline }: Backing): ObjectIndex {
  const find = async (
    digest: Digest,
  ): Promise<(UsedObject & { readonly isHidden: boolean }) | undefined> => {
    const query = `SELECT ${columns}, hidden FROM strake_objects WHERE digest = $1 AND ${isVisible}`
    const [row] = await postgres.query(query, digest, now())
    return row && { ...readUsed(row), isHidden: row['hidden'] === true }
  }
  return {
    async use(digest) {
      const found = await find(digest)
      if (found === undefined) return undefined
      if (!found.isHidden && now() - found.usedAt < usedResolution) return found
      // A collection may have hidden it in between.
      const update = `UPDATE strake_objects SET used_at = greatest(used_at, $2::bigint), hidden = false
                      WHERE digest = $1 AND ${isVisible} RETURNING ${columns}`
      const [used] = await postgres.query(update, digest, now())
      return used && readObject(used)
    },
    look: find,
    async hide(digest, usedAt) {
      const update = `UPDATE strake_objects SET hidden = true, hidden_at = $2::bigint FROM ${inTime(4)}
                      WHERE digest = $1 AND ${isVisible} AND used_at = coalesce($3::bigint, used_at)
                      RETURNING ${columns}`
      const [row] = await postgres.query(update, digest, now(), usedAt ?? null, deadline())
      return row && readUsed(row)
    },
    async restore({ digest, key }) {
      const update = `UPDATE strake_objects SET hidden = false, used_at = $3::bigint
                      WHERE digest = $1 AND key = $2`
      await postgres.query(update, digest, key, now())
    },
    async remove({ digest, key }) {
      await postgres.query(
        `WITH gone AS (DELETE FROM strake_objects WHERE digest = $1 AND key = $2 AND hidden RETURNING key)
         INSERT INTO strake_trash SELECT key FROM gone ON CONFLICT DO NOTHING`,
        ...[digest, key],
      )
    },
    async *list() {
      const query = `SELECT digest, key, size, used_at FROM strake_objects
                     WHERE digest > $1 AND NOT hidden ORDER BY digest LIMIT ${pageSize}`
      for (let last = ''; ; ) {
        const page = (await postgres.query(query, last)).map(readUsed)
        yield* page
        if (page.length < pageSize) return
        last = page.at(-1)?.digest ?? last
      }
    },
    ingests: {
      async open(state) {
        const [row] = await postgres.query(
          `INSERT INTO strake_ingests AS i VALUES ($1, $2, $3::bigint, $4::bigint)
           ON CONFLICT (id) DO UPDATE SET document = i.document RETURNING document`,
          ...[state.id, JSON.stringify(state), state.version, now()],
        )
        return row === undefined ? state : readState(row)
      },
      async find(id) {
        const query = 'SELECT document FROM strake_ingests WHERE id = $1'
        const [row] = await postgres.query(query, id)
        return row && readState(row)
      },
      async put(state) {
        const rows = await postgres.query(
          `INSERT INTO strake_ingests AS i VALUES ($1, $2, $3::bigint, $4::bigint)
           ON CONFLICT (id) DO UPDATE SET document = excluded.document,
             version = excluded.version, changed_at = excluded.changed_at
             WHERE i.version = excluded.version - 1
           RETURNING 1`,
          ...[state.id, JSON.stringify(state), state.version, now()],
        )
        return rows.length > 0
      },
      async finish(id, { digest, key, size }, trash) {
        const [row] = await postgres.query(
          'SELECT * FROM strake_finish_ingest($1, $2, $3, $4::bigint, $5::text[], $6::bigint)',
          ...[id, digest, key, size, trash, now()],
        )
        return row === undefined ? { digest, key, size } : readObject(row)
      },
      async remove(id) {
        await postgres.query('DELETE FROM strake_ingests WHERE id = $1', id)
      },
      async discard(id, state) {
        await postgres.query(
          `WITH gone AS (DELETE FROM strake_ingests WHERE id = $1)
           INSERT INTO strake_ingests VALUES ($2, $3, $4::bigint, 0)`,
          ...[id, state.id, JSON.stringify(state), state.version],
        )
      },
      async *list(before) {
        const query = 'SELECT document FROM strake_ingests WHERE changed_at < $1::bigint'
        for (const row of await postgres.query(query, before)) yield readState(row)
      },
    },
    trash: {
      async add(keys) {
        const insert = `INSERT INTO strake_trash SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`
        await postgres.query(insert, keys)
      },
      async list(limit) {
        const query = `SELECT key FROM strake_trash t WHERE NOT EXISTS
                         (SELECT 1 FROM strake_objects o WHERE o.key = t.key) LIMIT $1::integer`
        return (await postgres.query(query, limit)).map((row) => String(row['key']))
      },
      async forget(keys) {
        await postgres.query('DELETE FROM strake_trash WHERE key = ANY ($1::text[])', keys)
      },
    },
  }
}

function readObject(row: SqlRow): IndexedObject {
  return {
    digest: digestOf(row['digest']),
    key: String(row['key']),
    size: Number(row['size']),
  }
}

function readUsed(row: SqlRow): UsedObject {
  return { ...readObject(row), usedAt: Number(row['used_at']) }
}

function readState(row: SqlRow): IngestState {
  return JSON.parse(String(row['document'])) as IngestState
}
