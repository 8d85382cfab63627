import type { SqlRow } from '#platform'
import { elapsed } from '#registry/elapsed'
import type { UserLine } from '#registry/identity/htpasswd'
import type { UserFacts } from '#registry/identity/user-facts'
import { inTime } from '../in-time.ts'
import type { Backing } from '../repository-facts.ts'

/** The step of the schema for users and the hashes of their passwords. */
export const userTable = `
   CREATE TABLE strake_users (
     name text COLLATE "C" PRIMARY KEY,
     hash text NOT NULL
   );`

/** Milliseconds for which a user is believed to be unchanged: an access token asks at every request. */
const believed = 1000

const mostKnown = 10_000

/** Users in PostgreSQL, whom replicas share. */
export function createPostgresUsers({ postgres, now, deadline }: Backing): UserFacts {
  const known = new Map<string, { readonly user: UserLine | undefined; readonly at: number }>()
  const changed = async (query: string, ...values: readonly string[]): Promise<boolean> =>
    (await postgres.query(`${query} RETURNING 1`, ...values, deadline())).length > 0
  return {
    async find(name) {
      const found = known.get(name)
      if (found !== undefined && elapsed(now(), found.at) < believed) return found.user
      // No text in the database has a zero.
      if (name.includes('\0')) return undefined
      const query = 'SELECT name, hash FROM strake_users WHERE name = $1'
      const [row] = await postgres.query(query, name)
      const user = row && readUser(row)
      if (known.size >= mostKnown) known.clear()
      known.set(name, { user, at: now() })
      return user
    },
    async list() {
      return (await postgres.query('SELECT name, hash FROM strake_users ORDER BY name')).map(
        readUser,
      )
    },
    add: ({ name, hash }) =>
      changed(
        `INSERT INTO strake_users SELECT $1, $2 FROM ${inTime(3)} ON CONFLICT DO NOTHING`,
        ...[name, hash],
      ),
    replace: ({ name, hash }) =>
      changed(`UPDATE strake_users SET hash = $2 FROM ${inTime(3)} WHERE name = $1`, name, hash),
    remove: (name) => changed(`DELETE FROM strake_users USING ${inTime(2)} WHERE name = $1`, name),
  }
}

function readUser(row: SqlRow): UserLine {
  return { name: String(row['name']), hash: String(row['hash']) }
}
