import { StrakeError } from '#oci'
import { type Bytes, createBreath, type Emit, silent } from '#stream'
import { readTar, type TarEntry, type TarLimits } from '#tar'
import { Changes, refusal } from './changes.ts'
import { blockSize, roundUp } from './format.ts'
import { LayerFault } from './resolve.ts'
import type { Inode, Tree } from './tree.ts'

export interface ApplyTarOptions {
  /** What the archive's file is found by when the index is mounted: 1 to 64 bytes of ASCII. */
  readonly device: string
  /**
   * Takes the contents of sparse files, which no index can point at where they
   * lie in an archive: a second file, found by `device`, gets each piece at its
   * position. What is not written is zeros.
   */
  readonly sparse: {
    readonly device: string
    readonly write: (piece: Uint8Array, position: number) => void
  }
  /** Also takes POSIX access control lists in, which images rarely mean. */
  readonly acls?: boolean
  readonly limits?: Partial<TarLimits> & {
    /** Bytes of all files together. */
    readonly totalSize?: number
  }
  /** Hears warnings: what of the layer was brought into range. */
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

export interface AppliedTar {
  /** Entries of the archive, whiteouts included. */
  readonly entries: number
  /** Bytes of the archive. */
  readonly size: number
  /** Bytes that the file of sparse contents must have; 0 when there are none. */
  readonly sparseSize: number
}

const defaultTotalSize = 100 * 2 ** 30

/**
 * Applies a layer's uncompressed archive to a tree: what an unpacker would make
 * of the same archive above the same parent, and the same refusals. Contents
 * are not kept; the tree says where they lie in the archive.
 *
 * Throws `INVALID` for a layer that must not be; the tree is then in an
 * undefined state and to be discarded.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md
 */
export async function applyTar(
  tree: Tree,
  tar: Bytes,
  options: ApplyTarOptions,
): Promise<AppliedTar> {
  const { acls = false, emit = silent, signal } = options
  const { totalSize = defaultTotalSize, ...limits } = options.limits ?? {}
  const warn = (message: string): void => emit({ type: 'warning', message })
  const archive = { tag: options.device, blocks: 0 }
  const device = tree.devices.push(archive) - 1
  const area = new SparseArea(tree, options.sparse)
  let entries = 0
  let contents = 0
  let size = 0
  async function* measured(): Bytes {
    for await (const chunk of tar) {
      size += chunk.length
      yield chunk
    }
  }
  using changes = new Changes(tree, { acls, device, warn })
  const breath = createBreath(signal)
  for await (const entry of readTar(measured(), { ...limits, warn })) {
    entries++
    const file = takeEntry(changes, entry)
    if (file !== undefined && file.size > 0) {
      contents += storedSize(entry)
      if (contents > totalSize) throw new StrakeError('INVALID', tooLarge(totalSize))
      if (entry.extents === undefined) {
        file.device = device
        file.block = entry.dataOffset / blockSize
      } else await area.take(entry, file)
    }
    const pause = breath()
    if (pause !== undefined) await pause
  }
  archive.blocks = Math.floor(size / blockSize)
  return { entries, size, sparseSize: area.size }
}

function takeEntry(changes: Changes, entry: TarEntry): Inode | undefined {
  try {
    return changes.apply(entry)
  } catch (error) {
    throw error instanceof LayerFault ? refusal(entry, error.message, error) : error
  }
}

/** Bytes of contents that the archive holds for a file. */
function storedSize({ extents, size }: TarEntry): number {
  return extents === undefined ? size : extents.reduce((sum, extent) => sum + extent.size, 0)
}

function tooLarge(totalSize: number): string {
  return `Cannot apply layer: its files are larger than ${totalSize} bytes together`
}

/** Where the sparse files of one layer go, each at the start of a page. */
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

  /** Passes on what lies in an extent, so that the holes stay holes. */
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
