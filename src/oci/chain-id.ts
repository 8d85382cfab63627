import type { Digest } from './digest.ts'
import { sha256 } from './sha256.ts'

/**
 * Names the filesystem that results from applying `diffIds` in order, bottom
 * layer first. Two images share a snapshot exactly when these names agree.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#layer-chainid
 */
export function chainId(diffIds: readonly [Digest, ...Digest[]]): Digest {
  const [bottom, ...above] = diffIds
  return above.reduce<Digest>((parent, diffId) => sha256(`${parent} ${diffId}`), bottom)
}

/** The chain ID of every prefix: `chainIds([a, b])` is `[chainId([a]), chainId([a, b])]`. */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const names: Digest[] = []
  for (const diffId of diffIds) {
    const parent = names.at(-1)
    names.push(parent === undefined ? diffId : sha256(`${parent} ${diffId}`))
  }
  return names
}
