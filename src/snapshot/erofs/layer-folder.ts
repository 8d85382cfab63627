import { type Digest, digestHex, isDigest } from '#oci'
import {
  fileStatus,
  isSystemError,
  makeDirectory,
  pathExists,
  readSmallFile,
  renamePath,
  syncDirectory,
} from '#platform'
import type { ChainFolder } from '../chain/chain-folder.ts'

/** `node:fs`, loaded when it is needed: mounting for a container does not. */
const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** A layer that a chain is made of, with the exact sizes of its files. */
export interface ChainLayer {
  readonly diffId: Digest
  /** Bytes of `layer.tar`. */
  readonly size: number
  /** Bytes of `sparse.data`; 0 when there is none. */
  readonly sparseSize: number
}

/**
 * The archives that indexes point into, each kept once for all chains.
 *
 *     root/layers/<hex>/layer.tar     the layer's uncompressed archive, 0444
 *     root/layers/<hex>/sparse.data   contents of its sparse files, holes as holes
 *     root/chains/<hex>/layers        the layers of a chain, lowest first: diff ID and two sizes
 *
 * A layer stays for as long as a chain, or one being staged, names it.
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

  /** The layers of a chain, lowest first. */
  layersOf(chainId: Digest): readonly ChainLayer[] {
    return parseLayers(readSmallFile(`${this.#chains.folder(chainId)}/layers`) ?? '')
  }

  /**
   * Puts the files of `staged` where the layer's files are kept, durably, unless
   * they are there already. The folder above `staged` must have its `layers`
   * file by now, which keeps the layer from being collected.
   */
  async publish(staged: string, diffId: Digest): Promise<void> {
    const parent = `${this.#chains.root}/layers`
    makeDirectory(parent, 0o700)
    await syncDirectory(staged)
    const target = this.folder(diffId)
    this.#chains.exclusively(() => {
      if (!pathExists(target)) renamePath(staged, target)
    })
    await syncDirectory(parent)
  }

  /** Folders of layers that nothing names. Ask while nobody can commit. */
  unneeded(): readonly string[] {
    const parent = `${this.#chains.root}/layers`
    if (!pathExists(parent)) return []
    const named = new Set<string>()
    for (const { chainId } of this.#chains.list()) {
      for (const { diffId } of this.layersOf(chainId)) named.add(digestHex(diffId))
    }
    for (const name of this.#chains.entries('staging')) {
      const text = readSmallFile(`${this.#chains.staging(name)}/layers`) ?? ''
      for (const { diffId } of parseLayers(text)) named.add(digestHex(diffId))
    }
    const hexes = fs().readdirSync(parent)
    return hexes.filter((hex) => !named.has(hex)).map((hex) => `${parent}/${hex}`)
  }

  /** Bytes on disk of a layer's files. */
  sizeOnDisk(diffId: Digest): number {
    return sizeOnDisk(this.archive(diffId)) + sizeOnDisk(this.sparse(diffId))
  }
}

/** Where the store in `root` has a layer's uncompressed archive, if it keeps that: a read-only file. */
export function layerArchive(root: string, diffId: Digest): string {
  return `${root}/layers/${digestHex(diffId)}/layer.tar`
}

/** Bytes on disk of a file; 0 when there is none. */
export function sizeOnDisk(path: string): number {
  return statusOf(path)?.blocks ?? 0
}

/** Bytes of a file and bytes on disk; `undefined` when there is none. */
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

export function formatLayers(layers: readonly ChainLayer[]): string {
  return layers.map(({ diffId, size, sparseSize }) => `${diffId} ${size} ${sparseSize}\n`).join('')
}

function parseLayers(text: string): readonly ChainLayer[] {
  return text.split('\n').flatMap((line) => {
    const [diffId = '', size, sparseSize] = line.split(' ')
    return isDigest(diffId) ? [{ diffId, size: Number(size), sparseSize: Number(sparseSize) }] : []
  })
}
