import { applyListing, applyTar } from '#erofs'
import { chainAbove, type Digest } from '#oci'
import { removeTree, syncDirectory } from '#platform'
import type { ChainFolder } from '../chain/chain-folder.ts'
import { ownedName } from '../chain/owner-name.ts'
import type { ImportedLayer, ImportLayerOptions, LayerSource } from '../chain/snapshotter.ts'
import { archiveTag, sparseTag } from './device-tag.ts'
import { writeDurable } from './durable.ts'
import type { Indexes } from './indexes.ts'
import type { LayerFolder } from './layer-folder.ts'
import { formatLayers } from './layer-list.ts'
import { StagedLayer } from './stage-layer.ts'

/** What imports work on. */
export interface ErofsStore {
  readonly chains: ChainFolder
  readonly layers: LayerFolder
  readonly indexes: Indexes
}

/** Keeps a layer's archive and commits the chain that it makes of `parent`. */
export async function importLayer(
  { chains, layers, indexes }: ErofsStore,
  parent: Digest | null,
  { layer, ...options }: ImportLayerOptions & { readonly layer: LayerSource },
): Promise<ImportedLayer> {
  const { diffId } = layer
  const chainId = chainAbove(parent, diffId)
  const { emit, index = 'now', limits, signal } = options
  if (parent !== null) chains.lineage(parent)
  chains.makeReady()
  const name = ownedName('active')
  const staging = chains.staging(name)
  await mkdir(staging)
  let committed = false
  try {
    await using staged = new StagedLayer(`${staging}/layer`, layer, layers)
    const tree = await indexes.take(parent)
    const common = {
      device: archiveTag(diffId),
      ...(emit && { emit }),
      ...(signal && { signal }),
    }
    const { listing } = layer
    // The limits are the reader's.
    const isListed = listing !== undefined && limits === undefined && staged.isWhole(listing.size)
    const { entries, size, sparseSize } = isListed
      ? await applyListing(tree, listing, common)
      : await applyTar(tree, staged.bytes, {
          ...common,
          ...(limits && { limits }),
          sparse: {
            device: sparseTag(diffId),
            write: (piece, position) => staged.writeSparse(piece, position),
          },
        })
    await staged.finish(sparseSize)
    if (index === 'now') await indexes.write(tree, chainId, `${staging}/index.erofs`)
    const below = parent === null ? [] : layers.layersOf(parent)
    const list = formatLayers([...below, { diffId, size, sparseSize }])
    await writeDurable(`${staging}/layers`, list, 0o600)
    await layers.publish(staged.folder, diffId)
    await removeTree(staged.folder)
    committed = await chains.commit(name, { parent, diffId, sync: syncDirectory })
    indexes.give(chainId, tree)
    return { entries, size }
  } finally {
    if (!committed) await removeTree(staging)
  }
}

async function mkdir(path: string): Promise<void> {
  await process.getBuiltinModule('node:fs/promises').mkdir(path, { mode: 0o700 })
}
