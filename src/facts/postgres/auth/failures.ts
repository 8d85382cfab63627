import { type FailureFacts, forgotten } from '#registry/identity/login-guard'
import type { Backing } from '../repository-facts.ts'

/** The step of the schema for failed logins. Keys are locked in one order, so that no two calls wait for each other. */
export const failureTable = `
   CREATE TABLE strake_failed_logins (
     key text COLLATE "C" PRIMARY KEY,
     count integer NOT NULL,
     at bigint NOT NULL
   );
   CREATE INDEX strake_failed_logins_by_time ON strake_failed_logins (at);

   CREATE FUNCTION strake_clear_logins(own_ text, others_ text[]) RETURNS void LANGUAGE plpgsql AS $$
   DECLARE count_ integer;
   BEGIN
     PERFORM 1 FROM strake_failed_logins WHERE key = own_ OR key = ANY (others_)
       ORDER BY key FOR UPDATE;
     DELETE FROM strake_failed_logins WHERE key = own_ RETURNING count INTO count_;
     IF count_ IS NULL THEN RETURN; END IF;
     UPDATE strake_failed_logins SET count = count - count_ WHERE key = ANY (others_);
     DELETE FROM strake_failed_logins WHERE key = ANY (others_) AND count <= 0;
   END $$;`

/** Failures that are kept: a guesser with many addresses must not fill the disk. */
const mostKept = 100_000

export interface PostgresFailures extends FailureFacts {
  /** Removes what is forgotten, and the oldest of too many. */
  sweep(): Promise<void>
}

/** Failed logins in PostgreSQL, which replicas count together. */
export function createPostgresFailures({ postgres, now }: Backing): PostgresFailures {
  return {
    async find(keys) {
      const query = 'SELECT key, count, at FROM strake_failed_logins WHERE key = ANY ($1::text[])'
      const rows = await postgres.query(query, keys)
      return new Map(
        rows.map(({ key, count, at }) => [String(key), { count: Number(count), at: Number(at) }]),
      )
    },
    async add(keys, at, before) {
      await postgres.query(
        `INSERT INTO strake_failed_logins AS f
           SELECT key, 1, $2::bigint FROM unnest($1::text[]) AS key ORDER BY key
           ON CONFLICT (key) DO UPDATE SET at = excluded.at,
             count = CASE WHEN f.at < $3::bigint THEN 1 ELSE f.count + 1 END`,
        ...[keys, at, before],
      )
    },
    async clear(own, others) {
      await postgres.query('SELECT strake_clear_logins($1, $2::text[])', own, others)
    },
    async sweep() {
      await postgres.query(
        `DELETE FROM strake_failed_logins WHERE at < $1::bigint OR at <= (
           SELECT at FROM strake_failed_logins ORDER BY at DESC OFFSET $2::bigint LIMIT 1)`,
        ...[now() - forgotten, mostKept],
      )
    },
  }
}
