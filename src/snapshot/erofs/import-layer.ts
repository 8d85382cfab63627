import { applyListing, applyTar } from '#erofs'
import { chainAbove, type Digest } from '#oci'
import { removeTree, syncDirectory } from '#platform'
import type { ChainFolder } from '../chain/chain-folder.ts'
import { ownedName } from '../chain/owner-name.ts'
import { writeSynced } from '../chain/replace-file.ts'
import type { ImportedLayer, ImportLayerOptions, LayerSource } from '../chain/snapshotter.ts'
import { archiveTag, sparseTag } from './device-tag.ts'
import { type Indexes, indexOf, indexPath } from './indexes.ts'
import type { LayerFolder } from './layer-folder.ts'
import { formatLayers } from './layer-list.ts'
import { isWhole, markProved } from './proved.ts'
import { StagedLayer } from './stage-layer.ts'

/** The parts of a store that an import needs. */
export interface ErofsStore {
  readonly chains: ChainFolder
  readonly layers: LayerFolder
  readonly indexes: Indexes
}

/** Stores a layer's archive and commits the chain that it makes above `parent`. */
export async function importLayer(
  { chains, layers, indexes }: ErofsStore,
  parent: Digest | null,
  { layer, ...options }: ImportLayerOptions & { readonly layer: LayerSource },
): Promise<ImportedLayer> {
  const { diffId } = layer
  const chainId = chainAbove(parent, diffId)
  const { emit, index = 'now', limits, signal } = options
  if (parent !== null) chains.lineage(parent)
  await chains.makeReady()
  const name = ownedName('active')
  const staging = chains.staging(name)
  await mkdir(staging)
  let committed = false
  try {
    const kept = layers.archive(diffId)
    const isKept = await isWhole(kept, diffId)
    const source = { ...layer, tar: isKept ? kept : layer.tar }
    await using staged = new StagedLayer(`${staging}/layer`, source, { isProved: isKept })
    const tree = await indexes.take(parent)
    const common = { device: archiveTag(diffId), emit, signal }
    const { listing } = layer
    // Only the reader of an archive checks limits.
    const isListed = listing !== undefined && limits === undefined && staged.isWhole(listing.size)
    const { entries, size, sparseSize } = isListed
      ? await applyListing(tree, listing, common)
      : await applyTar(tree, staged.bytes, {
          ...common,
          limits,
          sparse: {
            device: sparseTag(diffId),
            write: (piece, position) => staged.writeSparse(piece, position),
          },
        })
    await staged.finish(sparseSize)
    if (index === 'now') {
      writeSynced(`${staging}/index.erofs`, indexOf(tree, chainId), 0o444)
    }
    const below = parent === null ? [] : layers.layersOf(parent)
    const list = formatLayers([...below, { diffId, size, sparseSize }])
    writeSynced(`${staging}/layers`, list, 0o600)
    await layers.publish(staged.folder, diffId, { replaces: !isKept })
    await removeTree(staged.folder)
    // Marks come last: adding or removing a name changes the change time of a file.
    layers.markProved(diffId)
    committed = await chains.commit(name, { parent, diffId, sync: syncDirectory })
    if (committed && index === 'now') markProved(indexPath(chains, chainId))
    indexes.give(chainId, tree)
    return { entries, size }
  } finally {
    if (!committed) await removeTree(staging)
  }
}

async function mkdir(path: string): Promise<void> {
  await process.getBuiltinModule('node:fs/promises').mkdir(path, { mode: 0o700 })
}
