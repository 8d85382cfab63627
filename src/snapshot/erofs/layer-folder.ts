import { type Digest, digestHex, StrakeError } from '#oci'
import {
  fileStatus,
  fs,
  isSystemError,
  makeDirectory,
  pathExists,
  readPlainFile,
  removeTree,
  renamePath,
  syncDirectory,
  temporaryName,
} from '#platform'
import { type ChainFolder, repair } from '../chain/chain-folder.ts'
import { maxListSize } from '../chain/lineage.ts'
import { type ChainLayer, parseLayers, parseLines } from './layer-list.ts'
import { markProved } from './proved.ts'

/**
 * The archives that indexes point into; each is stored once for all chains.
 *
 *     root/layers/<hex>/layer.tar     the layer's uncompressed archive, 0444
 *     root/layers/<hex>/sparse.data   contents of its sparse files, holes as holes
 *     root/chains/<hex>/layers        the layers of a chain; see `formatLayers`
 *
 * A layer stays while a chain, or an import in progress, names it.
 */
export class LayerFolder {
  readonly #chains: ChainFolder

  constructor(chains: ChainFolder) {
    this.#chains = chains
  }

  folder(diffId: Digest): string {
    return `${this.#chains.root}/layers/${digestHex(diffId)}`
  }

  archive(diffId: Digest): string {
    return layerArchive(this.#chains.root, diffId)
  }

  sparse(diffId: Digest): string {
    return `${this.folder(diffId)}/sparse.data`
  }

  /** The layers of a chain, lowest first. Throws `INVALID` when their list is damaged. */
  layersOf(chainId: Digest): readonly ChainLayer[] {
    const found = this.findLayers(chainId)
    if (found !== undefined) return found
    const message = `Cannot use snapshot ${chainId}: the list of its layers is damaged`
    throw new StrakeError('INVALID', message, { remedy: repair })
  }

  /** Like `layersOf`; `undefined` when there is no valid list. */
  findLayers(chainId: Digest): readonly ChainLayer[] | undefined {
    const text = readPlainFile(this.listPath(chainId), maxListSize)
    return text === undefined ? undefined : parseLayers(text, chainId)
  }

  /** The file that lists the layers of a chain. */
  listPath(chainId: Digest): string {
    return `${this.#chains.folder(chainId)}/layers`
  }

  /**
   * Moves `staged` to the layer's folder, durably. If that folder exists, it is replaced only with
   * `replaces`. The folder that contains `staged` must already have its `layers` file, which keeps
   * the layer from being collected.
   */
  async publish(
    staged: string,
    diffId: Digest,
    { replaces }: { readonly replaces: boolean },
  ): Promise<void> {
    const parent = `${this.#chains.root}/layers`
    makeDirectory(parent, 0o700)
    await syncDirectory(staged)
    const target = this.folder(diffId)
    const trash = `${this.#chains.root}/trash/${temporaryName()}`
    await this.#chains.exclusively(() => {
      if (replaces && pathExists(target)) renamePath(target, trash)
      if (!pathExists(target)) renamePath(staged, target)
    })
    await syncDirectory(parent)
    await removeTree(trash)
  }

  /** Marks the files of a layer whose bytes were just proved or written. */
  markProved(diffId: Digest): void {
    for (const path of [this.archive(diffId), this.sparse(diffId)]) {
      if (pathExists(path)) markProved(path)
    }
  }

  /**
   * Folders of layers that no chain names; none while the list of any chain is damaged, because
   * that list may name them. Call it while no process can commit.
   */
  unneeded(): readonly string[] {
    const parent = `${this.#chains.root}/layers`
    if (!pathExists(parent)) return []
    const named = new Set<string>()
    for (const chainId of this.chainIds()) {
      const diffIds = this.diffIdsOf(chainId)
      if (diffIds === undefined) return []
      for (const diffId of diffIds) named.add(digestHex(diffId))
    }
    for (const name of this.#chains.entries('staging')) {
      const text = readPlainFile(`${this.#chains.staging(name)}/layers`, maxListSize) ?? ''
      for (const { diffId } of parseLines(text)) named.add(digestHex(diffId))
    }
    const hexes = fs().readdirSync(parent)
    return hexes.filter((hex) => !named.has(hex)).map((hex) => `${parent}/${hex}`)
  }

  /** The chains that are stored as archives, including those whose list is missing. */
  chainIds(): readonly Digest[] {
    return this.#chains.all().filter((chainId) => {
      return this.#chains.has(chainId) || !pathExists(this.#chains.tree(chainId))
    })
  }

  /** The layers of a chain, from whichever of its two lists is valid. */
  diffIdsOf(chainId: Digest): readonly Digest[] | undefined {
    const layers = this.findLayers(chainId)
    return layers?.map(({ diffId }) => diffId) ?? this.#chains.findDiffIds(chainId)
  }

  /** Bytes on disk of a layer's files. */
  sizeOnDisk(diffId: Digest): number {
    return sizeOnDisk(this.archive(diffId)) + sizeOnDisk(this.sparse(diffId))
  }
}

/**
 * The path of a layer's uncompressed archive in the store at `root`, if it is stored: a read-only
 * file.
 */
export function layerArchive(root: string, diffId: Digest): string {
  return `${root}/layers/${digestHex(diffId)}/layer.tar`
}

/** Bytes on disk of a file; 0 when it does not exist. */
export function sizeOnDisk(path: string): number {
  return statusOf(path)?.blocks ?? 0
}

/** The size of a file, and its bytes on disk; `undefined` when it does not exist. */
export function statusOf(
  path: string,
): { readonly size: number; readonly blocks: number } | undefined {
  try {
    const { size, blocks } = fileStatus(path)
    return { size, blocks: blocks * 512 }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
