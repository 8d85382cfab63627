import { StrakeError } from '#oci'
import { compareNames } from '#tar'
import {
  blockSize,
  deviceSlotSize,
  deviceTableAt,
  direntSize,
  indexAlignment,
  inodeSize,
  mostBlocks,
  roundUp,
  slotSize,
} from './format.ts'
import { byteLength } from './resolve.ts'
import { Directory, type Inode, type Tree, type TreeDevice } from './tree.ts'
import { xattrSize } from './xattr.ts'

/** A directory's names, including `.` and `..`, in the order of their bytes. */
export interface Listing {
  readonly names: readonly string[]
  /** The inode of each name. */
  readonly inodes: readonly Inode[]
  /** Whether all names are ASCII, so that one character is one byte. */
  readonly ascii: boolean
  /** Size in bytes, without the unused end of the last block. */
  readonly size: number
}

/**
 * The position of each part of an index. The other members refer to inodes by their position in
 * `inodes`.
 */
export interface Layout {
  /** The root first, then for each directory the inodes that no earlier directory named. */
  readonly inodes: readonly Inode[]
  readonly listings: ReadonlyMap<Directory, Listing>
  /** Number of names of each inode. A directory has 2 and one per subdirectory. */
  readonly links: Uint32Array
  /** Byte position of each inode. */
  readonly positions: Float64Array
  /** Byte position of data in separate blocks; 0 for inodes without such data. */
  readonly dataPositions: Float64Array
  /** The devices that some file points into, with their place in the common address space. */
  readonly devices: readonly PlacedDevice[]
  /** First block in the common address space, by index of the tree's devices. */
  readonly deviceAddresses: readonly number[]
  /** Bytes of the index. */
  readonly size: number
}

export interface PlacedDevice extends TreeDevice {
  readonly address: number
}

/** Decides the position of each part. The same tree always gives the same layout. */
export function layOut(tree: Tree): Layout {
  const { inodes, listings, links } = collect(tree.root)
  const used = usedDevices(tree, inodes)
  const start = deviceTableAt + used.filter(Boolean).length * deviceSlotSize
  const places = new Places(start, inodes.length)
  for (const [index, inode] of inodes.entries()) {
    const listing = inode instanceof Directory ? listings.get(inode) : undefined
    places.put(index, {
      head: inodeSize + xattrSize(inode.xattrs),
      data: listing?.size ?? (inode.target === '' ? 0 : inode.size),
    })
  }
  const size = places.finish()
  const devices: PlacedDevice[] = []
  const deviceAddresses: number[] = []
  let address = size / blockSize
  for (const [index, device] of tree.devices.entries()) {
    deviceAddresses.push(address)
    if (used[index] !== true) continue
    devices.push({ ...device, address })
    address += device.blocks
  }
  if (address >= mostBlocks) tooLarge()
  const { positions, dataPositions } = places
  return { inodes, listings, links, positions, dataPositions, devices, deviceAddresses, size }
}

interface Collected {
  readonly inodes: readonly Inode[]
  readonly listings: ReadonlyMap<Directory, Listing>
  readonly links: Uint32Array
}

/** Gives every inode its position in a list. The inodes of a directory are neighbours. */
function collect(root: Directory): Collected {
  const inodes: Inode[] = [root]
  const listings = new Map<Directory, Listing>()
  const links: number[] = [2]
  root.index = 0
  const pending: Directory[] = [root]
  for (const directory of pending) {
    const listing = list(directory)
    listings.set(directory, listing)
    for (const child of listing.inodes) {
      if (child === directory || child === directory.parent) continue
      if (inodes[child.index] === child) {
        links[child.index] = (links[child.index] ?? 0) + 1
        continue
      }
      child.index = inodes.push(child) - 1
      const isDirectory = child instanceof Directory
      links.push(isDirectory ? 2 : 1)
      if (!isDirectory) continue
      pending.push(child)
      links[directory.index] = (links[directory.index] ?? 0) + 1
    }
  }
  return { inodes, listings, links: Uint32Array.from(links) }
}

function list(directory: Directory): Listing {
  const names = ['.', '..', ...directory.children.keys()]
  const ascii = isAscii.test(names.join(''))
  if (ascii) names.sort()
  else names.sort(compareNames)
  const inodes: Inode[] = []
  let blocks = 0
  let used = 0
  for (const name of names) {
    inodes.push(childOf(directory, name))
    const length = direntSize + (ascii ? name.length : byteLength(name))
    if (used + length > blockSize) {
      blocks++
      used = 0
    }
    used += length
  }
  return { names, inodes, ascii, size: blocks * blockSize + used }
}

function childOf(directory: Directory, name: string): Inode {
  if (name === '.') return directory
  if (name === '..') return directory.parent
  return directory.children.get(name) ?? directory
}

const isAscii = /^[\0-\x7f]*$/

/** Leaves out an archive whose files were all replaced, so that a mount does not need it. */
function usedDevices(tree: Tree, inodes: readonly Inode[]): readonly boolean[] {
  const used = tree.devices.map(() => false)
  for (const { device } of inodes) if (device !== -1) used[device] = true
  return used
}

/**
 * Assigns positions: first inodes, each with the data that fits after it, then blocks of data. Data
 * after an inode must be in the block in which the inode ends. The gaps that this rule leaves are
 * filled with inodes without data.
 */
class Places {
  readonly positions: Float64Array
  readonly dataPositions: Float64Array
  readonly #blockData: { readonly index: number; readonly size: number }[] = []
  #end: number
  #hole = { at: 0, end: 0 }

  constructor(start: number, count: number) {
    this.positions = new Float64Array(count)
    this.dataPositions = new Float64Array(count)
    this.#end = start
  }

  put(index: number, { head, data }: { readonly head: number; readonly data: number }): void {
    const inline = data > 0 && head + data <= blockSize
    if (data > 0 && !inline) this.#blockData.push({ index, size: data })
    this.positions[index] = inline ? this.#withData(head, data) : this.#alone(head)
  }

  /** Places the blocks behind the inodes and returns the size of the index. */
  finish(): number {
    let at = roundUp(this.#end, blockSize)
    for (const { index, size } of this.#blockData) {
      this.dataPositions[index] = at
      at += roundUp(size, blockSize)
    }
    return roundUp(at, indexAlignment)
  }

  #alone(head: number): number {
    const size = roundUp(head, slotSize)
    if (this.#hole.end - this.#hole.at >= size) {
      const at = this.#hole.at
      this.#hole.at += size
      return at
    }
    const at = this.#end
    this.#end += size
    return at
  }

  #withData(head: number, data: number): number {
    let at = this.#end
    const block = Math.floor((at + head - 1) / blockSize)
    const fits =
      (at + head) % blockSize !== 0 && Math.floor((at + head + data - 1) / blockSize) === block
    if (!fits) {
      const next = roundUp(at, blockSize)
      if (next - at > this.#hole.end - this.#hole.at) this.#hole = { at, end: next }
      at = next
    }
    this.#end = roundUp(at + head + data, slotSize)
    return at
  }
}

function tooLarge(): never {
  throw new StrakeError(
    'UNSUPPORTED',
    'Cannot make an index: the layers are larger than 2 TiB together',
    { remedy: 'use directory snapshots' },
  )
}
