import { chainIds, type Digest, isDigest } from '#oci'

/** Far more than the longest list that can be mounted. */
export const maxListSize = 1_048_576

/** The text of a list: one diff ID a line, lowest layer first. */
export function formatDiffIds(diffIds: readonly Digest[]): string {
  return diffIds.map((diffId) => `${diffId}\n`).join('')
}

/** The diff IDs in a list of `chainId`; `undefined` unless they make that chain. */
export function parseDiffIds(text: string, chainId: Digest): readonly Digest[] | undefined {
  const lines = text.split('\n')
  if (lines.pop() !== '') return undefined
  const diffIds = lines.filter(isDigest)
  return diffIds.length === lines.length && makes(diffIds, chainId) ? diffIds : undefined
}

/** True when these layers, lowest first, make the chain: its ID is their hash. */
export function makes(diffIds: readonly Digest[], chainId: Digest): boolean {
  return chainIds(diffIds).at(-1) === chainId
}

/** Lists of layers that were found, by the chain ID that each of them makes. */
export class KnownLists {
  readonly #lists = new Map<Digest, readonly Digest[]>()

  constructor(lists: Iterable<readonly Digest[]> = []) {
    for (const diffIds of lists) this.add(diffIds)
  }

  /** Adds the list of a chain, and so the lists of the chains below it. */
  add(diffIds: readonly Digest[]): void {
    for (const [index, chainId] of chainIds(diffIds).entries()) {
      this.#lists.set(chainId, diffIds.slice(0, index + 1))
    }
  }

  of(chainId: Digest): readonly Digest[] | undefined {
    return this.#lists.get(chainId)
  }
}
