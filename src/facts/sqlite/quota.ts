import { StrakeError } from '#oci'
import type { Database } from '#platform'
import type { Member, Quota } from '#registry'

/** Returns the bytes below a prefix, or of everything for an empty one. */
export function bytesBelow(database: Database, prefix: string): number {
  const scope = prefix === '' ? 'r' : `r/${prefix}`
  // '0' follows '/', so these are the names that begin with the prefix and a slash.
  const query = `SELECT coalesce(sum(bytes), 0) FROM usage
                 WHERE scope = ?1 OR (scope > ?1 || '/' AND scope < ?1 || '0')`
  return Number(database.values(query, scope)[0]?.[0] ?? 0)
}

/** Returns the bytes of the members that a sender added. */
export function bytesOf(database: Database, sender: string): number {
  const query = 'SELECT bytes FROM usage WHERE scope = ?'
  return Number(database.get(query, `s/${sender}`)?.['bytes'] ?? 0)
}

/** Throws `DENIED` in a transaction that has added `member` beyond a quota. */
export function checkQuota(database: Database, { name, of, bytes }: Quota, member: Member): void {
  const used = 'prefix' in of ? bytesBelow(database, of.prefix) : bytesOf(database, of.sender)
  if (used <= bytes) return
  const { digest, size } = member.descriptor
  throw new StrakeError(
    'DENIED',
    `Cannot add ${digest}: ${name} is ${bytes} bytes, and ${used - size} are used`,
  )
}
