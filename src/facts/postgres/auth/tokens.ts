import { mostLogins, type TokenFacts } from '#registry/identity/api-token'
import { readTokenRow, tokenValues } from '#registry/identity/token-row'
import { inTime } from '../in-time.ts'
import type { Backing } from '../repository-facts.ts'

/** The step of the schema for personal tokens, tokens of programs, and logins. */
export const tokenTable = `
   CREATE TABLE strake_tokens (
     id text PRIMARY KEY,
     kind text NOT NULL,
     owner text COLLATE "C" NOT NULL,
     created_at bigint NOT NULL,
     used_at bigint,
     expires_at bigint,
     -- JSON of everything else
     facts text NOT NULL
   );
   CREATE INDEX strake_tokens_by_owner ON strake_tokens (owner, kind);
   CREATE INDEX strake_tokens_by_end ON strake_tokens (expires_at) WHERE expires_at IS NOT NULL;

   -- Drops ended tokens, and the oldest logins of the owner.
   CREATE FUNCTION strake_put_token(
     id_ text, kind_ text, owner_ text, created_ bigint, used_ bigint, expires_ bigint, facts_ text,
     most_ integer, at_ bigint
   ) RETURNS void LANGUAGE plpgsql AS $$
   BEGIN
     DELETE FROM strake_tokens WHERE expires_at <= at_;
     INSERT INTO strake_tokens VALUES (id_, kind_, owner_, created_, used_, expires_, facts_)
       ON CONFLICT (id) DO UPDATE SET kind = kind_, owner = owner_, created_at = created_,
         used_at = used_, expires_at = expires_, facts = facts_;
     IF kind_ = 'refresh' THEN
       DELETE FROM strake_tokens WHERE id IN (
         SELECT id FROM strake_tokens WHERE owner = owner_ AND kind = 'refresh'
         ORDER BY coalesce(used_at, created_at) DESC OFFSET most_
       );
     END IF;
   END $$;`

/** The step after which sessions of browsers are dropped like logins of clients. */
export const sessionTokens = `
   CREATE OR REPLACE FUNCTION strake_put_token(
     id_ text, kind_ text, owner_ text, created_ bigint, used_ bigint, expires_ bigint, facts_ text,
     most_ integer, at_ bigint
   ) RETURNS void LANGUAGE plpgsql AS $$
   BEGIN
     DELETE FROM strake_tokens WHERE expires_at <= at_;
     INSERT INTO strake_tokens VALUES (id_, kind_, owner_, created_, used_, expires_, facts_)
       ON CONFLICT (id) DO UPDATE SET kind = kind_, owner = owner_, created_at = created_,
         used_at = used_, expires_at = expires_, facts = facts_;
     IF kind_ IN ('refresh', 'session') THEN
       DELETE FROM strake_tokens WHERE id IN (
         SELECT id FROM strake_tokens WHERE owner = owner_ AND kind = kind_
         ORDER BY coalesce(used_at, created_at) DESC OFFSET most_
       );
     END IF;
   END $$;`

/** Tokens in PostgreSQL, which replicas share. Its disposal does nothing: the facts own the connections. */
export function createPostgresTokens({ postgres, now, deadline }: Backing): TokenFacts {
  return {
    async put(token) {
      await postgres.query(
        `SELECT strake_put_token($1, $2, $3, $4::bigint, $5::bigint, $6::bigint, $7, $8::integer,
           $9::bigint) FROM ${inTime(10)}`,
        ...[...tokenValues(token), mostLogins, now(), deadline()],
      )
    },
    async find(id) {
      const [row] = await postgres.query('SELECT * FROM strake_tokens WHERE id = $1', id)
      return row && readTokenRow(row)
    },
    async *list() {
      const query = `SELECT * FROM strake_tokens WHERE (created_at, id) > ($1::bigint, $2)
                     ORDER BY created_at, id LIMIT ${pageSize}`
      for (let last = { createdAt: -1, id: '' }; ; ) {
        const page = (await postgres.query(query, last.createdAt, last.id)).map(readTokenRow)
        yield* page
        if (page.length < pageSize) return
        last = page.at(-1) ?? last
      }
    },
    async remove(id) {
      const query = `DELETE FROM strake_tokens USING ${inTime(2)} WHERE id = $1 RETURNING 1`
      return (await postgres.query(query, id, deadline())).length > 0
    },
    async noteUse(id, usedAt) {
      const update = 'UPDATE strake_tokens SET used_at = $2::bigint WHERE id = $1'
      await postgres.query(update, id, usedAt)
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Tokens that one query reads. */
const pageSize = 1000
