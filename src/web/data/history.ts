import { StrakeError } from '#oci'
import type { TagMove } from '#registry'
import type { Place } from '../place.ts'
import type { Source } from './source.ts'

export interface ShownHistory {
  readonly name: string
  readonly tag: string
  /** The newest first. */
  readonly moves: readonly TagMove[]
  /** The ID before which the next page begins. */
  readonly next?: number | undefined
}

const pageSize = 100

/** Returns what a tag has meant, also when it is gone. Throws `MANIFEST_UNKNOWN` for an unknown tag. */
export async function showHistory(
  { ledger }: Source,
  { name, tag, before }: Extract<Place, { kind: 'history' }>,
): Promise<ShownHistory> {
  const found = await ledger.tagMoves(name, tag, { limit: pageSize + 1, before })
  if (found.length === 0 && before === undefined) {
    throw new StrakeError(
      'MANIFEST_UNKNOWN',
      `Cannot show the history of ${name}:${tag}: no such tag`,
    )
  }
  const moves = found.slice(0, pageSize)
  return { name, tag, moves, next: found.length > pageSize ? moves.at(-1)?.id : undefined }
}
