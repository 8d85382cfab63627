import { type Digest, isDigest } from '#oci'
import { sha256Hex } from '#platform'
import { makes } from '../chain/lineage.ts'

/** A layer that a chain is made of, with the exact sizes of its files. */
export interface ChainLayer {
  readonly diffId: Digest
  /** Bytes of `layer.tar`. */
  readonly size: number
  /** Bytes of `sparse.data`; 0 when there is none. */
  readonly sparseSize: number
}

/**
 * The list that a chain keeps: a line for every layer, lowest first, with its
 * diff ID and two sizes, and a last line with the hash of all that. The chain ID
 * proves the diff IDs; the hash proves the sizes.
 */
export function formatLayers(layers: readonly ChainLayer[]): string {
  const lines = layers.map(({ diffId, size, sparseSize }) => `${diffId} ${size} ${sparseSize}\n`)
  return `${lines.join('')}${sealOf(lines.join(''))}\n`
}

/** The layers of a list; `undefined` unless it is whole and they make the chain. */
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

/** What can be read of a list, whatever it proves. */
export function parseLines(text: string): readonly ChainLayer[] {
  return text.split('\n').flatMap((line) => {
    const [diffId = '', size, sparseSize] = line.split(' ')
    return isDigest(diffId) ? [{ diffId, size: Number(size), sparseSize: Number(sparseSize) }] : []
  })
}

function sealOf(lines: string): string {
  return sha256Hex(Buffer.from(lines))
}
