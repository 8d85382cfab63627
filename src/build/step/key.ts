import { createHash } from 'node:crypto'

/** Changes whenever an operation may give another result than in an older version of strake. */
export const builderVersion = '2'

/**
 * The cache key of a step: a hash of everything that can change the result, and the
 * parts of the hash, from which a miss can be explained.
 */
export interface CacheKey {
  /** Hex. */
  readonly hash: string
  readonly parts: KeyParts
}

/** By name: `operation`, `parent`, `files`… The values are hashes or short texts. */
export type KeyParts = Readonly<Record<string, string>>

export function createKey(parts: KeyParts): CacheKey {
  const hash = createHash('sha256').update(`strake build ${builderVersion}\0`)
  for (const name of Object.keys(parts).sort()) {
    hash.update(JSON.stringify([name, parts[name]])).update('\n')
  }
  return { hash: hash.digest('hex'), parts }
}
