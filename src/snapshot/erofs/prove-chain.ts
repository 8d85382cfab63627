import { type Digest, StrakeError } from '#oci'
import { repair } from '../chain/chain-folder.ts'
import type { ErofsStore } from './import-layer.ts'
import { statusOf } from './layer-folder.ts'
import { isMarked, isWhole } from './proved.ts'

/**
 * Proves the files that a chain is mounted from, if they were written to since the last proof.
 * Damaged sparse contents are created again from their archive. Throws `INVALID` for an archive
 * that does not match its diff ID.
 */
export async function proveChain(store: ErofsStore, chainId: Digest): Promise<void> {
  const layers = store.layers.layersOf(chainId)
  for (const { diffId, size } of layers) {
    const path = store.layers.archive(diffId)
    // A missing file, or another size, is reported by the mount.
    if (statusOf(path)?.size !== size || (await isWhole(path, diffId))) continue
    const message = `Cannot mount snapshot ${chainId}: ${path} is not what it was`
    throw new StrakeError('INVALID', message, { remedy: repair })
  }
  const sparse = layers.filter(({ sparseSize }) => sparseSize > 0)
  if (sparse.every(({ diffId }) => isMarked(store.layers.sparse(diffId)))) return
  const { Trees } = await import('./verify/trees.ts')
  await new Trees(store, { heals: true }).of(chainId)
}
