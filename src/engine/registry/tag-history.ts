import { type Digest, StrakeError } from '#oci'
import { earlierMeaning, type TagMove } from '#registry'
import { openStoredRegistry } from '#server'
import type { Engine } from '../engine.ts'
import { requireRegistry } from './place.ts'
import { overStore } from './serve.ts'

export interface TagOfRegistry {
  /** The directory of the registry. Default: repositories in the store. */
  readonly storage?: string | undefined
  readonly repository: string
  readonly tag: string
}

/**
 * Returns what a tag of a registry has meant, the newest first, at most 1,000 moves. Throws `NOT_FOUND`
 * for a directory without a registry.
 */
export async function tagHistory(
  engine: Engine,
  { storage, repository, tag }: TagOfRegistry,
): Promise<readonly TagMove[]> {
  if (storage !== undefined) await requireRegistry(storage)
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
  if (storage !== undefined) await requireRegistry(storage)
  const stored = storage === undefined ? undefined : await openStoredRegistry(storage)
  try {
    const { facts, registry } = stored ?? (await overStore(engine))
    const moves = await facts.ledger.tagMoves(repository, tag, { limit: 1000 })
    const digest = earlierMeaning(moves, to)
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
