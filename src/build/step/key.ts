import { createHash } from 'node:crypto'

/** Changes whenever an operation's result may differ from what an older strake made of the same input. */
const builderVersion = '2'

/**
 * What makes two steps the same work: a hash of everything that can change the
 * result (RELIABILITY E12), and the parts it was made of, so that a miss can be
 * explained.
 */
export interface CacheKey {
  /** Hex. */
  readonly hash: string
  readonly parts: KeyParts
}

/** By name: `operation`, `parent`, `files`… Values are themselves hashes or short texts. */
export type KeyParts = Readonly<Record<string, string>>

export function createKey(parts: KeyParts): CacheKey {
  const hash = createHash('sha256').update(`strake build ${builderVersion}\0`)
  for (const name of Object.keys(parts).sort()) {
    hash.update(JSON.stringify([name, parts[name]])).update('\n')
  }
  return { hash: hash.digest('hex'), parts }
}
