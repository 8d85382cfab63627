import { chainIds, type Digest, isDigest } from '#oci'

/** Far more than the longest list that can be mounted. */
export const maxListSize = 1_048_576

/** Layers as a file names them, lowest first, one a line. */
export function formatDiffIds(diffIds: readonly Digest[]): string {
  return diffIds.map((diffId) => `${diffId}\n`).join('')
}

/** The layers of `chainId` that a file names; `undefined` unless they are those that make it. */
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

/** Lists of layers that were found somewhere, by the chains that they prove to make. */
export class KnownLists {
  readonly #lists = new Map<Digest, readonly Digest[]>()

  constructor(lists: Iterable<readonly Digest[]> = []) {
    for (const diffIds of lists) this.add(diffIds)
  }

  /** Adds the list of a chain, and with it those of the chains below. */
  add(diffIds: readonly Digest[]): void {
    for (const [index, chainId] of chainIds(diffIds).entries()) {
      this.#lists.set(chainId, diffIds.slice(0, index + 1))
    }
  }

  of(chainId: Digest): readonly Digest[] | undefined {
    return this.#lists.get(chainId)
  }
}
