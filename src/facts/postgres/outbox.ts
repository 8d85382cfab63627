import type { Postgres } from '#platform'
import type { Outbox } from '#registry/notify/outbox'

/** The step of the schema with the events that wait for webhooks. */
export const letterTable: string = `
  CREATE TABLE strake_letters (
    seq bigserial PRIMARY KEY,
    hook text NOT NULL,
    id text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    -- nobody claims it before
    free_at bigint NOT NULL DEFAULT 0,
    expires_at bigint NOT NULL,
    text text NOT NULL,
    UNIQUE (hook, id)
  );
  CREATE INDEX strake_letters_by_hook ON strake_letters (hook, seq);
  CREATE INDEX strake_letters_by_expiry ON strake_letters (expires_at);

  -- Adds letters for a hook and drops the oldest of too many. Returns how many were dropped.
  CREATE FUNCTION strake_post(
    hook_ text, ids_ text[], texts_ text[], expires_ bigint, most_ bigint
  ) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE dropped_ bigint;
  BEGIN
    INSERT INTO strake_letters (hook, id, expires_at, text)
      SELECT hook_, given.id, expires_, given.text
      FROM unnest(ids_, texts_) WITH ORDINALITY AS given (id, text, place)
      ORDER BY given.place
      ON CONFLICT DO NOTHING;
    DELETE FROM strake_letters WHERE seq IN (
      SELECT seq FROM strake_letters WHERE hook = hook_ ORDER BY seq DESC OFFSET most_);
    GET DIAGNOSTICS dropped_ = ROW_COUNT;
    RETURN dropped_;
  END $$;`

/** Keeps events for webhooks in PostgreSQL, where all replicas share them. */
export function createPostgresOutbox(postgres: Postgres, now: () => number = Date.now): Outbox {
  return {
    async add(hook, letters, { most, expiresAt }) {
      const [row] = await postgres.query(
        'SELECT strake_post($1, $2::text[], $3::text[], $4::bigint, $5::bigint) AS dropped',
        ...[hook, letters.map(({ id }) => id), letters.map(({ text }) => text), expiresAt, most],
      )
      return Number(row?.['dropped'] ?? 0)
    },
    async claim(hook, limit, until) {
      const rows = await postgres.query(
        `UPDATE strake_letters SET free_at = $3::bigint, tries = tries + 1 WHERE seq IN (
           SELECT seq FROM strake_letters WHERE hook = $1 AND free_at <= $4::bigint
           ORDER BY seq LIMIT $2::bigint FOR UPDATE SKIP LOCKED)
         RETURNING seq, id, text, tries - 1 AS tries`,
        ...[hook, limit, until, now()],
      )
      return rows
        .toSorted((one, other) => Number(one['seq']) - Number(other['seq']))
        .map(({ id, text, tries }) => ({
          id: String(id),
          text: String(text),
          tries: Number(tries),
        }))
    },
    async release(hook, ids, at) {
      await postgres.query(
        'UPDATE strake_letters SET free_at = $3::bigint WHERE hook = $1 AND id = any($2::text[])',
        ...[hook, ids, at],
      )
    },
    async remove(hook, ids) {
      await postgres.query(
        'DELETE FROM strake_letters WHERE hook = $1 AND id = any($2::text[])',
        ...[hook, ids],
      )
    },
    async expire() {
      const rows = await postgres.query(
        `WITH gone AS (DELETE FROM strake_letters WHERE expires_at <= $1::bigint RETURNING hook)
         SELECT hook, count(*)::integer AS count FROM gone GROUP BY hook`,
        now(),
      )
      return new Map(rows.map(({ hook, count }) => [String(hook), Number(count)]))
    },
    async count(hook) {
      const [row] = await postgres.query(
        'SELECT count(*)::integer AS count FROM strake_letters WHERE hook = $1',
        hook,
      )
      return Number(row?.['count'] ?? 0)
    },
    async nextFree(hook) {
      const [row] = await postgres.query(
        'SELECT min(free_at)::text AS at FROM strake_letters WHERE hook = $1',
        hook,
      )
      return row === undefined || row['at'] === null ? undefined : Number(row['at'])
    },
    // The connections belong to the facts.
    async [Symbol.asyncDispose]() {},
  }
}
