import { type Digest, StrakeError } from '#oci'
import { repair } from '../chain/chain-folder.ts'
import type { ErofsStore } from './import-layer.ts'
import { statusOf } from './layer-folder.ts'
import { isMarked, isWhole } from './proved.ts'

/**
 * Proves what a chain is mounted from, as far as something was written to it since
 * it was proved the last time. Sparse contents are made again from their archive;
 * an archive that is not what its diff ID names throws `INVALID`.
 */
export async function proveChain(store: ErofsStore, chainId: Digest): Promise<void> {
  const layers = store.layers.layersOf(chainId)
  for (const { diffId, size } of layers) {
    const path = store.layers.archive(diffId)
    // Of one that has another size, or none, the mount tells.
    if (statusOf(path)?.size !== size || (await isWhole(path, diffId))) continue
    const message = `Cannot mount snapshot ${chainId}: ${path} is not what it was`
    throw new StrakeError('INVALID', message, { remedy: repair })
  }
  const sparse = layers.filter(({ sparseSize }) => sparseSize > 0)
  if (sparse.every(({ diffId }) => isMarked(store.layers.sparse(diffId)))) return
  const { Trees } = await import('./verify/trees.ts')
  await new Trees(store, { heals: true }).of(chainId)
}
