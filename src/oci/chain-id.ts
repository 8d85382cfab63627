import type { Digest } from './digest.ts'
import { sha256 } from './sha256.ts'

/**
 * Names the file system that results from applying `diffIds` in order, bottom
 * layer first. Two images share a snapshot exactly when these names agree.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#layer-chainid
 */
export function chainId(diffIds: readonly [Digest, ...Digest[]]): Digest {
  const [bottom, ...above] = diffIds
  return above.reduce<Digest>(chainAbove, bottom)
}

/** The chain ID of a layer on top of the chain `parent`, which is `null` for the first layer. */
export function chainAbove(parent: Digest | null, diffId: Digest): Digest {
  return parent === null ? diffId : sha256(`${parent} ${diffId}`)
}

/** The chain ID of every prefix: `chainIds([a, b])` is `[chainId([a]), chainId([a, b])]`. */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const names: Digest[] = []
  for (const diffId of diffIds) {
    names.push(chainAbove(names.at(-1) ?? null, diffId))
  }
  return names
}
