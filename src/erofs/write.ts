import { encodeName } from '#tar'
import {
  blockBits,
  blockSize,
  compatMtime,
  deviceField,
  deviceSlotSize,
  deviceTableAt,
  direntField,
  direntSize,
  direntTypes,
  fileType,
  incompatDeviceTable,
  inodeField,
  inodeFormat,
  inodeSize,
  magic,
  slotSize,
  superblockAt,
  superblockField,
} from './format.ts'
import { type Layout, type Listing, layOut } from './layout.ts'
import { byteLength } from './resolve.ts'
import { Directory, type Inode, type Tree } from './tree.ts'
import { writeXattrs, xattrCount, xattrSize } from './xattr.ts'

export interface WriteIndexOptions {
  /** 16 bytes, unique per index: overlayfs tells file systems apart by them. */
  readonly uuid: Uint8Array
}

/**
 * Returns the EROFS image of a tree: metadata only, while contents stay in the tree's
 * devices. The same tree always gives the same bytes. Devices that no file points
 * into are left out. It takes about 100 bytes per entry.
 *
 * Throws `UNSUPPORTED` when the devices are larger than 2 TiB together.
 */
export function writeIndex(tree: Tree, { uuid }: WriteIndexOptions): Uint8Array {
  return new IndexWriter(layOut(tree)).write(uuid)
}

class IndexWriter {
  readonly #layout: Layout
  readonly #bytes: Buffer
  /** The same bytes as 32-bit words, which are faster to write. Every supported machine is little endian. */
  readonly #words: Uint32Array

  constructor(layout: Layout) {
    this.#layout = layout
    this.#bytes = Buffer.alloc(layout.size)
    this.#words = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset, layout.size / 4)
  }

  write(uuid: Uint8Array): Uint8Array {
    this.#writeSuperblock(uuid)
    for (const [index, inode] of this.#layout.inodes.entries()) this.#writeInode(index, inode)
    return this.#bytes
  }

  #writeSuperblock(uuid: Uint8Array): void {
    const { devices, inodes, positions, size } = this.#layout
    const block = this.#bytes.subarray(superblockAt)
    block.writeUInt32LE(magic, superblockField.magic)
    block.writeUInt32LE(compatMtime, superblockField.featureCompat)
    block[superblockField.blockBits] = blockBits
    block.writeUInt16LE((positions[0] ?? 0) / slotSize, superblockField.rootNumber)
    block.writeUInt32LE(inodes.length, superblockField.inodes)
    block.writeUInt32LE(size / blockSize, superblockField.blocks)
    block.set(uuid.subarray(0, 16), superblockField.uuid)
    if (devices.length === 0) return
    block.writeUInt32LE(incompatDeviceTable, superblockField.featureIncompat)
    block.writeUInt16LE(devices.length, superblockField.devices)
    block.writeUInt16LE(deviceTableAt / deviceSlotSize, superblockField.deviceTable)
    for (const [index, device] of devices.entries()) {
      const slot = deviceTableAt + index * deviceSlotSize
      this.#bytes.write(device.tag, slot + deviceField.tag, 'latin1')
      this.#bytes.writeUInt32LE(device.blocks, slot + deviceField.blocks)
      this.#bytes.writeUInt32LE(device.address, slot + deviceField.address)
    }
  }

  #writeInode(index: number, inode: Inode): void {
    const layout = this.#layout
    const words = this.#words
    const at = layout.positions[index] ?? 0
    const listing = inode instanceof Directory ? layout.listings.get(inode) : undefined
    const attributes = xattrSize(inode.xattrs)
    const block = layout.dataPositions[index] ?? 0
    const inline = (listing !== undefined || inode.target !== '') && block === 0
    const format = inline ? inodeFormat.inline : inodeFormat.plain
    const word = at / 4
    words[word] = format | (xattrCount(attributes) << 16)
    words[word + inodeField.mode / 4] = inode.mode
    this.#setUint64(word + inodeField.size / 4, listing?.size ?? inode.size)
    words[word + inodeField.start / 4] = this.#startOf(inode, block)
    words[word + inodeField.number / 4] = index + 1
    words[word + inodeField.uid / 4] = inode.uid
    words[word + inodeField.gid / 4] = inode.gid
    this.#setUint64(word + inodeField.mtime / 4, inode.mtime)
    words[word + inodeField.mtimeNanoseconds / 4] = inode.mtimeNanoseconds
    words[word + inodeField.links / 4] = layout.links[index] ?? 1
    if (inode.xattrs !== undefined) writeXattrs(inode.xattrs, this.#bytes, at + inodeSize)
    const dataAt = inline ? at + inodeSize + attributes : block
    if (listing !== undefined) this.#writeListing(listing, dataAt)
    else if (inode.target !== '') this.#bytes.set(encodeName(inode.target), dataAt)
  }

  /** The field with the first block of the contents, or with the number of a device node. */
  #startOf(inode: Inode, dataPosition: number): number {
    const type = inode.mode & fileType.mask
    if (type === fileType.character || type === fileType.block) return inode.rdev
    if (inode.device === -1) return dataPosition / blockSize
    return (this.#layout.deviceAddresses[inode.device] ?? 0) + inode.block
  }

  /** Writes blocks of entries. Each block holds as many entries as fit, followed by their names. */
  #writeListing(listing: Listing, start: number): void {
    const { names, ascii } = listing
    let block = start
    for (let first = 0; first < names.length; block += blockSize) {
      let used = 0
      let next = first
      for (; next < names.length; next++) {
        const name = names[next] ?? ''
        const length = direntSize + (ascii ? name.length : byteLength(name))
        if (used + length > blockSize) break
        used += length
      }
      this.#writeBlock(listing, { first, next, block })
      first = next
    }
  }

  #writeBlock(
    { names, inodes, ascii }: Listing,
    {
      first,
      next,
      block,
    }: { readonly first: number; readonly next: number; readonly block: number },
  ): void {
    const { positions } = this.#layout
    let nameOffset = (next - first) * direntSize
    const namesAt = block + nameOffset
    let word = block / 4
    for (let i = first; i < next; i++, word += direntSize / 4) {
      const name = names[i] ?? ''
      const child = inodes[i]
      const type = direntTypes[(child?.mode ?? 0) >> 12] ?? 0
      this.#setUint64(word, (positions[child?.index ?? 0] ?? 0) / slotSize)
      this.#words[word + direntField.nameOffset / 4] = nameOffset | (type << 16)
      nameOffset += ascii ? name.length : byteLength(name)
    }
    const text = names.slice(first, next)
    if (ascii) this.#bytes.write(text.join(''), namesAt, 'latin1')
    else this.#bytes.set(Buffer.concat(text.map(encodeName)), namesAt)
  }

  /** A whole number, negative ones in two's complement. */
  #setUint64(word: number, value: number): void {
    const high = Math.floor(value / 2 ** 32)
    this.#words[word] = value - high * 2 ** 32
    this.#words[word + 1] = high
  }
}
