import { type Digest, isDigest, StrakeError } from '#oci'
import type { TagMove } from '#registry'
import { openStoredRegistry } from '#server'
import type { Engine } from '../engine.ts'
import { overStore } from './serve.ts'

export interface TagOfRegistry {
  /** The directory of the registry. Default: repositories in the store. */
  readonly storage?: string | undefined
  readonly repository: string
  readonly tag: string
}

/** Returns what a tag of a registry has meant, the newest first, at most 1,000 moves. */
export async function tagHistory(
  engine: Engine,
  { storage, repository, tag }: TagOfRegistry,
): Promise<readonly TagMove[]> {
  const stored = storage === undefined ? undefined : await openStoredRegistry(storage)
  try {
    const { facts } = stored ?? (await overStore(engine))
    return await facts.ledger.tagMoves(repository, tag, { limit: 1000 })
  } finally {
    await stored?.[Symbol.asyncDispose]()
  }
}

/**
 * Points a tag to what it meant before its last move, or to a digest of its log. Returns the digest.
 * Throws `NOT_FOUND` when there is nothing to return to, or its manifest is gone.
 */
export async function rollBackTag(
  engine: Engine,
  { storage, repository, tag }: TagOfRegistry,
  to?: string,
): Promise<Digest> {
  const stored = storage === undefined ? undefined : await openStoredRegistry(storage)
  try {
    const { facts, registry } = stored ?? (await overStore(engine))
    const moves = await facts.ledger.tagMoves(repository, tag, { limit: 1000 })
    const digest = chooseEarlier(moves, to)
    if (digest === undefined) {
      const where = to === undefined ? 'it has no earlier meaning' : `its log has no ${to}`
      throw new StrakeError('NOT_FOUND', `Cannot roll back ${repository}:${tag}: ${where}`, {
        remedy: `strake registry tag log ${repository}:${tag}`,
      })
    }
    const own = registry.repository(repository, { sender: 'strake registry tag rollback' })
    await own.tag(tag, await own.resolve(digest))
    return digest
  } finally {
    await stored?.[Symbol.asyncDispose]()
  }
}

/** Returns the digest before the last move, or the one of the log that `to` names. */
export function chooseEarlier(moves: readonly TagMove[], to?: string): Digest | undefined {
  if (to === undefined) return moves[0]?.previous
  const known = moves.flatMap(({ digest, previous }) => [digest, previous])
  return isDigest(to) ? known.find((digest) => digest === to) : undefined
}
