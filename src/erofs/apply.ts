import { StrakeError } from '#oci'
import { type Bytes, createBreath, type Emit, silent } from '#stream'
import { type PlacedEntry, readTar, type TarEntry, type TarLimits, type TarListing } from '#tar'
import { Changes } from './changes.ts'
import { blockSize, roundUp } from './format.ts'
import { refusal } from './refusal.ts'
import { LayerFault } from './resolve.ts'
import type { Inode, Tree } from './tree.ts'

export interface ApplyTarOptions {
  /** The name under which a mount finds the archive's file: 1 to 64 bytes of ASCII. */
  readonly device: string
  /**
   * Receives the contents of sparse files. An archive keeps only their data, so the
   * index cannot point into it; the pieces go to a second file, named `device`, each
   * at its position. Positions that get no piece are zeros.
   */
  readonly sparse: {
    readonly device: string
    readonly write: (piece: Uint8Array, position: number) => void
  }
  /** Keeps POSIX access control lists too. Archives often carry them by accident. */
  readonly acls?: boolean | undefined
  readonly limits?:
    | (Partial<TarLimits> & {
        /** Bytes of all files together. */
        readonly totalSize?: number | undefined
      })
    | undefined
  /** Called with a warning when a value of the layer was brought into range. */
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

export interface AppliedTar {
  /** Entries of the archive, whiteouts included. */
  readonly entries: number
  /** Bytes of the archive. */
  readonly size: number
  /** Size of the file of sparse contents in bytes; 0 when the layer has none. */
  readonly sparseSize: number
}

const defaultTotalSize = 100 * 2 ** 30

/**
 * Applies a layer's uncompressed archive to a tree. The tree becomes what an
 * unpacker makes of the same archive above the same parent, and the same archives
 * are refused. The tree holds no contents, only their places in the archive.
 *
 * Throws `INVALID` for a layer that is not allowed. The tree is then in an
 * undefined state, and the caller must discard it.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md
 */
export async function applyTar(
  tree: Tree,
  tar: Bytes,
  options: ApplyTarOptions,
): Promise<AppliedTar> {
  const { limits, signal } = options
  using layer = new LayerOnTree(tree, options)
  const area = new SparseArea(tree, options.sparse)
  const breath = createBreath(signal)
  let size = 0
  async function* measured(): Bytes {
    for await (const chunk of tar) {
      size += chunk.length
      yield chunk
    }
  }
  for await (const entry of readTar(measured(), { ...limits, warn: layer.warn })) {
    if (entry.extents === undefined) layer.take(entry, entry.size)
    else {
      const stored = entry.extents.reduce((sum, extent) => sum + extent.size, 0)
      const file = layer.take(entry, stored)
      if (file !== undefined) await area.take(entry, file)
    }
    const pause = breath()
    if (pause !== undefined) await pause
  }
  layer.finish(size)
  return { entries: layer.entries, size, sparseSize: area.size }
}

/** `applyTar` for an archive whose entries are known. It reads nothing; no file may be sparse. */
export async function applyListing(
  tree: Tree,
  { entries, size }: TarListing,
  options: Omit<ApplyTarOptions, 'sparse' | 'limits'>,
): Promise<AppliedTar> {
  using layer = new LayerOnTree(tree, options)
  const breath = createBreath(options.signal)
  for (const entry of entries) {
    layer.take(entry, entry.size)
    const pause = breath()
    if (pause !== undefined) await pause
  }
  layer.finish(size)
  return { entries: layer.entries, size, sparseSize: 0 }
}

/** Applies the entries of one layer to a tree. */
class LayerOnTree implements Disposable {
  readonly warn: (message: string) => void
  readonly #changes: Changes
  readonly #archive: { readonly tag: string; blocks: number }
  readonly #device: number
  readonly #totalSize: number
  #contents = 0
  entries = 0

  constructor(tree: Tree, options: Omit<ApplyTarOptions, 'sparse'>) {
    const { acls = false, device, emit = silent, limits } = options
    this.warn = (message) => emit({ type: 'warning', message })
    this.#archive = { tag: device, blocks: 0 }
    this.#device = tree.devices.push(this.#archive) - 1
    this.#totalSize = limits?.totalSize ?? defaultTotalSize
    this.#changes = new Changes(tree, { acls, device: this.#device, warn: this.warn })
  }

  /**
   * Applies an entry. Returns the file it made if that has contents: `stored` bytes in the archive.
   */
  take(entry: PlacedEntry, stored: number): Inode | undefined {
    this.entries++
    const file = takeEntry(this.#changes, entry)
    if (file === undefined || file.size === 0) return undefined
    this.#contents += stored
    if (this.#contents > this.#totalSize) {
      throw new StrakeError('INVALID', tooLarge(this.#totalSize))
    }
    file.device = this.#device
    file.block = entry.dataOffset / blockSize
    return file
  }

  /** Sets the size of the archive in bytes. */
  finish(size: number): void {
    this.#archive.blocks = Math.floor(size / blockSize)
  }

  [Symbol.dispose](): void {
    this.#changes[Symbol.dispose]()
  }
}

function takeEntry(changes: Changes, entry: PlacedEntry): Inode | undefined {
  try {
    return changes.apply(entry)
  } catch (error) {
    throw error instanceof LayerFault ? refusal(entry, error.message, error) : error
  }
}

function tooLarge(totalSize: number): string {
  return `Cannot apply layer: its files are larger than ${totalSize} bytes together`
}

/** Assigns space to the sparse files of one layer; each starts on a page. */
class SparseArea {
  readonly #tree: Tree
  readonly #target: ApplyTarOptions['sparse']
  #device: number | undefined
  size = 0

  constructor(tree: Tree, target: ApplyTarOptions['sparse']) {
    this.#tree = tree
    this.#target = target
  }

  async take(entry: TarEntry, file: Inode): Promise<void> {
    this.#device ??= this.#tree.devices.push({ tag: this.#target.device, blocks: 0 }) - 1
    file.device = this.#device
    file.block = this.size / blockSize
    await this.#copy(entry)
    this.size = roundUp(this.size + file.size, pageSize)
    const device = this.#tree.devices[this.#device]
    if (device !== undefined) device.blocks = this.size / blockSize
  }

  /** Writes only the bytes of extents, so that holes stay holes. */
  async #copy(entry: TarEntry): Promise<void> {
    const extents = (entry.extents ?? []).filter((extent) => extent.size > 0)
    let position = 0
    let index = 0
    for await (const chunk of entry.body) {
      const extent = extents[index]
      if (extent === undefined) break
      if (position >= extent.offset) {
        this.#target.write(chunk, this.size + position)
        if (position + chunk.length === extent.offset + extent.size) index++
      }
      position += chunk.length
    }
  }
}

const pageSize = 4096
