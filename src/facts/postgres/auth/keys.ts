import type { SqlRow } from '#platform'
import type { KeyFacts, KeyRecord } from '#registry/token/signing-keys'
import type { Backing } from '../repository-facts.ts'

/** The step of the schema for the keys that sign access tokens. */
export const keyTable = `
   CREATE TABLE strake_keys (
     id text PRIMARY KEY,
     jwk text NOT NULL,
     made_at bigint NOT NULL
   );
   REVOKE ALL ON strake_keys FROM PUBLIC;

   -- The lock lets one replica at a time find that a new key is needed.
   CREATE FUNCTION strake_rotate_key(
     id_ text, jwk_ text, at_ bigint, newest_before_ bigint, drop_before_ bigint
   ) RETURNS SETOF strake_keys LANGUAGE plpgsql AS $$
   BEGIN
     LOCK TABLE strake_keys IN EXCLUSIVE MODE;
     IF NOT EXISTS (SELECT 1 FROM strake_keys WHERE made_at > newest_before_) THEN
       INSERT INTO strake_keys VALUES (id_, jwk_, at_);
     END IF;
     DELETE FROM strake_keys WHERE made_at < drop_before_;
     RETURN QUERY SELECT * FROM strake_keys ORDER BY made_at DESC, id;
   END $$;`

/** Signing keys in PostgreSQL, which replicas share. */
export function createPostgresKeys({ postgres }: Pick<Backing, 'postgres'>): KeyFacts {
  return {
    async list() {
      return (await postgres.query('SELECT * FROM strake_keys ORDER BY made_at DESC, id')).map(
        readKey,
      )
    },
    async rotate({ id, jwk, madeAt }, { newestBefore, dropBefore }) {
      const query = 'SELECT * FROM strake_rotate_key($1, $2, $3::bigint, $4::bigint, $5::bigint)'
      return (await postgres.query(query, id, jwk, madeAt, newestBefore, dropBefore)).map(readKey)
    },
  }
}

function readKey(row: SqlRow): KeyRecord {
  return { id: String(row['id']), jwk: String(row['jwk']), madeAt: Number(row['made_at']) }
}
