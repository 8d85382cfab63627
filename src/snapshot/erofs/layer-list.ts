import { type Digest, isDigest } from '#oci'
import { sha256Hex } from '#platform'
import { makes } from '../chain/lineage.ts'

/** A layer of a chain, with the exact sizes of its files. */
export interface ChainLayer {
  readonly diffId: Digest
  /** Bytes of `layer.tar`. */
  readonly size: number
  /** Bytes of `sparse.data`; 0 when there is none. */
  readonly sparseSize: number
}

/**
 * The stored list of a chain: a line for every layer, lowest first, with its diff ID and two sizes;
 * then a line with the hash of the lines above. The chain ID proves the diff IDs; the hash proves
 * the sizes.
 */
export function formatLayers(layers: readonly ChainLayer[]): string {
  const lines = layers.map(({ diffId, size, sparseSize }) => `${diffId} ${size} ${sparseSize}\n`)
  return `${lines.join('')}${sealOf(lines.join(''))}\n`
}

/** The layers of a list; `undefined` unless the list is whole and makes the chain. */
export function parseLayers(text: string, chainId: Digest): readonly ChainLayer[] | undefined {
  const layers = parseLines(text)
  const isWhole = formatLayers(layers) === text
  return isWhole &&
    makes(
      layers.map(({ diffId }) => diffId),
      chainId,
    )
    ? layers
    : undefined
}

/** The readable lines of a list, even if it is damaged. */
export function parseLines(text: string): readonly ChainLayer[] {
  return text.split('\n').flatMap((line) => {
    const [diffId = '', size, sparseSize] = line.split(' ')
    return isDigest(diffId) ? [{ diffId, size: Number(size), sparseSize: Number(sparseSize) }] : []
  })
}

function sealOf(lines: string): string {
  return sha256Hex(Buffer.from(lines))
}
