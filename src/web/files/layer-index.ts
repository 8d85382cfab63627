import { type Digest, StrakeError } from '#oci'
import type { Repository } from '#registry'
import { TooManyError } from '#registry/server/refusals'
import type { FileTree } from './file-tree.ts'
import { type LayerFiles, readLayerFiles } from './layer-files.ts'
import { mergeLayers } from './merge-layers.ts'
import { weightOfLayer } from './weight.ts'

export interface LayerIndexOptions {
  /**
   * The most entries of all layers that are kept, and of all layers of one image. A long path counts as
   * several.
   */
  readonly entries?: number
  /** Layers that are read at the same time; further ones wait. */
  readonly atOnce?: number
  /** Layers that may wait. */
  readonly waiting?: number
  /** Milliseconds after which the reading of a layer ends. */
  readonly patience?: number
}

/** Images whose merged files are kept, because a reader goes from directory to directory. */
const mostTrees = 4

/** Reads the lists of files of layers, each once, and keeps the last ones. */
export class LayerIndex {
  readonly #options: Required<LayerIndexOptions>
  /** The least recently used first. */
  readonly #kept = new Map<Digest, LayerFiles>()
  readonly #trees = new Map<string, FileTree>()
  readonly #running = new Map<Digest, Promise<LayerFiles>>()
  readonly #queue: (() => void)[] = []
  #active = 0
  #entries = 0

  constructor(options: LayerIndexOptions = {}) {
    this.#options = { entries: 250_000, atOnce: 2, waiting: 64, patience: 120_000, ...options }
  }

  /** Returns the files of a layer. Throws `BLOB_UNKNOWN` if this repository does not hold it. */
  async read(repository: Repository, digest: Digest): Promise<LayerFiles> {
    // A list that another repository caused must not show that repository's files.
    await repository.resolveBlob(digest)
    const kept = this.#kept.get(digest)
    if (kept !== undefined) {
      this.#kept.delete(digest)
      this.#kept.set(digest, kept)
      return kept
    }
    const running = this.#running.get(digest)
    if (running !== undefined) return running
    const reading = this.#start(repository, digest)
    this.#running.set(digest, reading)
    try {
      return await reading
    } finally {
      this.#running.delete(digest)
    }
  }

  /** Returns the files of layers above each other, the lowest first. */
  async readTree(repository: Repository, digests: readonly Digest[]): Promise<FileTree> {
    for (const digest of digests) await repository.resolveBlob(digest)
    const key = digests.join()
    const kept = this.#trees.get(key)
    if (kept !== undefined) return kept
    const { entries } = this.#options
    const layers: LayerFiles[] = []
    let weight = 0
    for (const digest of digests) {
      const layer = await this.read(repository, digest)
      weight += weightOfLayer(layer)
      if (weight > entries) throw tooMany(entries)
      layers.push(layer)
    }
    const tree = mergeLayers(layers, entries)
    if (tree === undefined) throw tooMany(entries)
    this.#trees.set(key, tree)
    const [oldest] = this.#trees.keys()
    if (this.#trees.size > mostTrees && oldest !== undefined) this.#trees.delete(oldest)
    return tree
  }

  /** Runs work that reads a layer, when it is its turn. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#takeTurn()
    try {
      return await work()
    } finally {
      this.#active -= 1
      this.#queue.shift()?.()
    }
  }

  async #start(repository: Repository, digest: Digest): Promise<LayerFiles> {
    return this.inTurn(async () => {
      const signal = AbortSignal.timeout(this.#options.patience)
      const files = await readLayerFiles(repository, digest, { signal })
      this.#keep(digest, files)
      return files
    })
  }

  async #takeTurn(): Promise<void> {
    const { atOnce, waiting } = this.#options
    if (this.#active >= atOnce) {
      if (this.#queue.length >= waiting) {
        throw new TooManyError('Cannot list files: too many layers are being read', 10)
      }
      await new Promise<void>((resolve) => this.#queue.push(resolve))
    }
    this.#active += 1
  }

  #keep(digest: Digest, files: LayerFiles): void {
    this.#kept.set(digest, files)
    this.#entries += weightOfLayer(files)
    for (const [oldest, its] of this.#kept) {
      if (this.#entries <= this.#options.entries) break
      this.#kept.delete(oldest)
      this.#entries -= weightOfLayer(its)
    }
  }
}

function tooMany(entries: number): StrakeError {
  const message = `Cannot show files: the layers have more than ${entries} entries; open one of them`
  return new StrakeError('INVALID', message)
}
