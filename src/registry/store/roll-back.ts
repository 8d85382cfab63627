import { type Digest, isDigest } from '#oci'
import type { TagMove } from './ledger.ts'

/**
 * Returns the digest to which a tag can be rolled back: the one before its last move, or `wanted`
 * if the moves have it.
 */
export function earlierMeaning(moves: readonly TagMove[], wanted?: string): Digest | undefined {
  if (wanted === undefined) return moves[0]?.previous
  const known = moves.flatMap(({ digest, previous }) => [digest, previous])
  return isDigest(wanted) ? known.find((digest) => digest === wanted) : undefined
}
