import { applyTar, createTree, readIndex, type Tree, writeIndex } from '#erofs'
import { type Digest, digestHex, StrakeError } from '#oci'
import { fs } from '#platform'
import { type ChainFolder, repair } from '../chain/chain-folder.ts'
import { replaceFile } from '../chain/replace-file.ts'
import { archiveTag, sparseTag } from './device-tag.ts'
import type { LayerFolder } from './layer-folder.ts'
import type { ChainLayer } from './layer-list.ts'
import { isMarked, markProved, readArchive } from './proved.ts'

/**
 * The indexes of chains, and the trees they are made from. Every chain has one index over all its
 * layers, so that one mount shows it. Creating it resolves what one layer alone does not contain:
 * attributes of directories it only passes through, links in its parent paths, targets of hard
 * links. The index of the next higher chain is made from the existing one, which costs less than a
 * second mount. The last tree is cached for that.
 */
export class Indexes {
  readonly #chains: ChainFolder
  readonly #layers: LayerFolder
  #kept: { readonly chainId: Digest; readonly tree: Tree } | undefined

  constructor(chains: ChainFolder, layers: LayerFolder) {
    this.#chains = chains
    this.#layers = layers
  }

  /** The tree of a chain. The caller may change it. */
  async take(chainId: Digest | null): Promise<Tree> {
    if (chainId === null) return createTree()
    const kept = this.#kept
    if (kept?.chainId === chainId) {
      this.#kept = undefined
      return kept.tree
    }
    return this.#load(chainId)
  }

  /** Caches a tree for the import of the next layer. */
  give(chainId: Digest, tree: Tree): void {
    this.#kept = { chainId, tree }
  }

  /** Creates the index of a chain that has none, or whose index was written to. */
  async ensure(chainId: Digest): Promise<void> {
    const path = indexPath(this.#chains, chainId)
    if (isMarked(path) || !this.#chains.has(chainId)) return
    const tree = await this.take(chainId)
    await this.replace(chainId, indexOf(tree, chainId))
    this.give(chainId, tree)
  }

  /** Replaces an index durably. */
  async replace(chainId: Digest, content: Uint8Array): Promise<void> {
    const path = indexPath(this.#chains, chainId)
    await replaceFile(this.#chains, path, { content, mode: 0o444 })
    markProved(path)
  }

  /** Reads the nearest index that is still proved, and applies the layers above it. */
  async #load(chainId: Digest): Promise<Tree> {
    const lineage = this.#chains.lineage(chainId)
    const nearest = lineage.findIndex((each) => isMarked(indexPath(this.#chains, each)))
    const from = nearest === -1 ? undefined : lineage[nearest]
    const tree = from === undefined ? createTree() : this.#read(from)
    const layers = this.#layers.layersOf(chainId)
    const above = nearest === -1 ? layers.length : nearest
    for (const layer of layers.slice(layers.length - above)) await this.#apply(tree, layer)
    return tree
  }

  #read(chainId: Digest): Tree {
    try {
      return readIndex(fs().readFileSync(indexPath(this.#chains, chainId)))
    } catch (error) {
      const message = `Cannot use snapshot ${chainId}: its index is damaged`
      throw new StrakeError('INVALID', message, { cause: error, remedy: repair })
    }
  }

  async #apply(tree: Tree, { diffId }: ChainLayer): Promise<void> {
    await applyTar(tree, readArchive(this.#layers.archive(diffId), diffId), {
      device: archiveTag(diffId),
      // Their contents were written when the layer was imported.
      sparse: { device: sparseTag(diffId), write: () => {} },
    })
  }
}

/** The index of a tree; the same layers always give the same bytes. */
export function indexOf(tree: Tree, chainId: Digest): Uint8Array {
  return writeIndex(tree, { uuid: Buffer.from(digestHex(chainId).slice(0, 32), 'hex') })
}

export function indexPath(chains: ChainFolder, chainId: Digest): string {
  return `${chains.folder(chainId)}/index.erofs`
}
