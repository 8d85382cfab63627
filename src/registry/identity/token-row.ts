import type { SqlRow } from '#platform'
import type { ApiToken } from './api-token.ts'

/** The facts of a token that a table keeps as JSON, because no query asks for them. */
type OtherFacts = Pick<ApiToken, 'label' | 'secretHash' | 'scopes' | 'secretMark'>

/**
 * Returns the values of a token in the order of the columns: `id`, `kind`, `owner`, `created_at`,
 * `used_at`, `expires_at`, and `facts` with everything else as JSON.
 */
export function tokenValues(token: ApiToken): readonly (string | number | null)[] {
  const { id, kind, owner, createdAt, usedAt, expiresAt, ...facts } = token
  const others: OtherFacts = facts
  return [id, kind, owner, createdAt, usedAt ?? null, expiresAt ?? null, JSON.stringify(others)]
}

/** Returns the token of a row with the columns of `tokenValues`. */
export function readTokenRow(row: SqlRow): ApiToken {
  const facts = JSON.parse(String(row['facts'])) as OtherFacts
  return {
    ...facts,
    id: String(row['id']),
    kind: row['kind'] as ApiToken['kind'],
    owner: String(row['owner']),
    createdAt: Number(row['created_at']),
    ...(row['used_at'] === null ? {} : { usedAt: Number(row['used_at']) }),
    ...(row['expires_at'] === null ? {} : { expiresAt: Number(row['expires_at']) }),
  }
}
