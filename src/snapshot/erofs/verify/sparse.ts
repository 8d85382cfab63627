import { makeDirectory, removeTree, renamePath, syncDirectory } from '#platform'
import { ownedName } from '../../chain/owner-name.ts'
import type { ErofsStore } from '../import-layer.ts'
import { statusOf } from '../layer-folder.ts'
import type { ChainLayer } from '../layer-list.ts'
import { SparseFile } from '../stage-layer.ts'

/** `node:fs`, loaded when it is needed. */
const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/**
 * Compares what a layer's archive gives for its sparse files with what is kept
 * of it, piece by piece; to heal, writes it anew on the way. Holes are not read.
 */
export class SparseCheck implements AsyncDisposable {
  readonly #store: ErofsStore
  readonly #layer: ChainLayer
  readonly #kept: number | undefined
  readonly #staging: string | undefined
  readonly #anew: SparseFile | undefined
  #isSound: boolean

  constructor(store: ErofsStore, layer: ChainLayer, { heals }: { readonly heals: boolean }) {
    this.#store = store
    this.#layer = layer
    const path = store.layers.sparse(layer.diffId)
    this.#isSound = statusOf(path)?.size === layer.sparseSize && fs().lstatSync(path).isFile()
    this.#kept = this.#isSound ? fs().openSync(path, 'r') : undefined
    if (!heals) return
    this.#staging = store.chains.staging(ownedName('active'))
    makeDirectory(this.#staging, 0o700)
    this.#anew = new SparseFile(`${this.#staging}/sparse.data`)
  }

  write(piece: Uint8Array, position: number): void {
    this.#anew?.write(piece, position)
    if (this.#kept === undefined) return
    const found = Buffer.alloc(piece.length)
    fs().readSync(this.#kept, found, 0, piece.length, position)
    this.#isSound &&= found.equals(piece)
  }

  /** Once all was written: whether what is kept is right, and right again. */
  async finish(): Promise<'sound' | 'damaged' | 'healed'> {
    if (this.#isSound) return 'sound'
    if (this.#anew === undefined) return 'damaged'
    const { diffId, sparseSize } = this.#layer
    const target = this.#store.layers.sparse(diffId)
    this.#anew.finish(sparseSize)
    await removeTree(target)
    renamePath(`${this.#staging}/sparse.data`, target)
    await syncDirectory(this.#store.layers.folder(diffId))
    return 'healed'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#kept !== undefined) fs().closeSync(this.#kept)
    this.#anew?.close()
    if (this.#staging !== undefined) await removeTree(this.#staging)
  }
}
