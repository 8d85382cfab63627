import {
  closeFile,
  fs,
  makeDirectory,
  openPlainFile,
  removeTree,
  renamePath,
  syncDirectory,
} from '#platform'
import { ownedName } from '../../chain/owner-name.ts'
import type { ErofsStore } from '../import-layer.ts'
import { statusOf } from '../layer-folder.ts'
import type { ChainLayer } from '../layer-list.ts'
import { isMarked, markProved } from '../proved.ts'
import { SparseFile } from '../stage-layer.ts'

const zeros = new Uint8Array(1_048_576)

/**
 * Compares the stored contents of a layer's sparse files with those in its archive, piece by piece;
 * to heal, writes them again while it reads.
 */
export class SparseCheck implements AsyncDisposable {
  readonly #store: ErofsStore
  readonly #layer: ChainLayer
  readonly #kept: number | undefined
  readonly #staging: string | undefined
  readonly #anew: SparseFile | undefined
  /** The stored file was not written to since its holes were last proved. */
  readonly #isMarked: boolean
  #isSound: boolean
  /** The number of bytes that were compared. */
  #compared = 0

  constructor(store: ErofsStore, layer: ChainLayer, { heals }: { readonly heals: boolean }) {
    this.#store = store
    this.#layer = layer
    const path = store.layers.sparse(layer.diffId)
    this.#isSound = statusOf(path)?.size === layer.sparseSize && fs().lstatSync(path).isFile()
    this.#isMarked = isMarked(path)
    this.#kept = this.#isSound ? openPlainFile(path) : undefined
    if (!heals) return
    this.#staging = store.chains.staging(ownedName('active'))
    makeDirectory(this.#staging, 0o700)
    this.#anew = new SparseFile(`${this.#staging}/sparse.data`)
  }

  write(piece: Uint8Array, position: number): void {
    this.#anew?.write(piece, position)
    this.#compareHole(position)
    this.#compare(piece, position)
  }

  #compare(piece: Uint8Array, position: number): void {
    if (this.#kept === undefined || !this.#isSound) return
    const found = Buffer.alloc(piece.length)
    fs().readSync(this.#kept, found, 0, piece.length, position)
    this.#isSound = found.equals(piece)
    this.#compared = position + piece.length
  }

  /**
   * Compares the hole that ends at `end` with zeros; that is slow, so only a file without a mark is
   * compared.
   */
  #compareHole(end: number): void {
    if (this.#isMarked) return
    while (this.#isSound && this.#compared < end) {
      const size = Math.min(zeros.length, end - this.#compared)
      this.#compare(zeros.subarray(0, size), this.#compared)
    }
  }

  /** Call it after the last `write`. Replaces damaged contents if it heals. */
  async finish(): Promise<'sound' | 'damaged' | 'healed'> {
    const { diffId, sparseSize } = this.#layer
    const target = this.#store.layers.sparse(diffId)
    this.#compareHole(sparseSize)
    if (this.#isSound) {
      if (!this.#isMarked) markProved(target)
      return 'sound'
    }
    if (this.#anew === undefined) return 'damaged'
    this.#anew.finish(sparseSize)
    await removeTree(target)
    renamePath(`${this.#staging}/sparse.data`, target)
    await syncDirectory(this.#store.layers.folder(diffId))
    markProved(target)
    return 'healed'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#kept !== undefined) closeFile(this.#kept)
    this.#anew?.close()
    if (this.#staging !== undefined) await removeTree(this.#staging)
  }
}
