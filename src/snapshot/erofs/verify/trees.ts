import { applyTar, createTree, type Tree } from '#erofs'
import type { Digest } from '#oci'
import type { SnapshotFinding } from '../../chain/snapshotter.ts'
import { archiveTag, sparseTag } from '../device-tag.ts'
import type { ErofsStore } from '../import-layer.ts'
import type { ChainLayer } from '../layer-list.ts'
import { readArchive } from '../proved.ts'
import { describeUsers } from './lists.ts'
import { SparseCheck } from './sparse.ts'

/** Trees made only from archives, because the indexes are being checked. */
export class Trees {
  readonly #store: ErofsStore
  readonly #options: { readonly heals: boolean }
  /** Layers whose sparse files were checked. */
  readonly #seen = new Set<Digest>()
  #kept: { readonly chainId: Digest; readonly tree: Tree } | undefined

  constructor(store: ErofsStore, options: { readonly heals: boolean }) {
    this.#store = store
    this.#options = options
  }

  /** The tree of a chain, and new findings about the contents of its sparse files. */
  async of(
    chainId: Digest,
  ): Promise<{ readonly tree: Tree; readonly findings: readonly SnapshotFinding[] }> {
    const lineage = this.#store.chains.lineage(chainId)
    const kept = this.#kept
    const from = kept === undefined ? -1 : lineage.indexOf(kept.chainId)
    const tree = kept === undefined || from === -1 ? createTree() : kept.tree
    const layers = this.#store.layers.layersOf(chainId)
    const above = from === -1 ? layers : layers.slice(layers.length - from)
    this.#kept = undefined
    const findings: SnapshotFinding[] = []
    for (const layer of above) {
      if (layer.sparseSize === 0 || this.#seen.has(layer.diffId)) await this.#apply(tree, layer)
      else findings.push(...(await this.#applySparse(tree, layer)))
    }
    this.#kept = { chainId, tree }
    return { tree, findings }
  }

  async #applySparse(tree: Tree, layer: ChainLayer): Promise<readonly SnapshotFinding[]> {
    const { diffId } = layer
    await using check = new SparseCheck(this.#store, layer, this.#options)
    await this.#apply(tree, layer, (piece, position) => check.write(piece, position))
    this.#seen.add(diffId)
    const state = await check.finish()
    if (state === 'sound') return []
    const problem = 'sparse.data is not what its archive gives'
    const finding = { subject: `layer ${diffId}`, problem, state }
    if (state === 'damaged') return [finding]
    const users = await releaseMounts(this.#store, diffId)
    return [{ ...finding, action: `made again from it${users}` }]
  }

  async #apply(
    tree: Tree,
    { diffId }: ChainLayer,
    write: (piece: Uint8Array, position: number) => void = () => {},
  ): Promise<void> {
    await applyTar(tree, readArchive(this.#store.layers.archive(diffId), diffId), {
      device: archiveTag(diffId),
      sparse: { device: sparseTag(diffId), write },
    })
  }
}

/**
 * Unmounts chains with replaced files, so that the next user sees the new ones. Describes the users
 * that still see the old ones.
 */
export async function releaseMounts(
  { chains, layers }: ErofsStore,
  diffId: Digest,
): Promise<string> {
  const affected = layers
    .chainIds()
    .filter((chainId) => layers.diffIdsOf(chainId)?.includes(diffId) === true)
  const users: string[] = []
  for (const chainId of affected) users.push(...(await chains.releaseMount(chainId)))
  return describeUsers(users)
}
