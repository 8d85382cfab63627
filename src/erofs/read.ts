import { decodeName } from '#tar'
import {
  blockSize,
  direntField,
  direntSize,
  fileType,
  inodeField,
  inodeFormat,
  inodeSize,
  slotSize,
} from './format.ts'
import { byteLength, longestPath } from './resolve.ts'
import { damaged, type IndexHead, readIndexHead } from './superblock.ts'
import { Directory, Inode, type Tree } from './tree.ts'
import { readXattrs, xattrSizeOf } from './xattr.ts'

/**
 * Reads an index into the tree it was written from, so that it can be listed, or extended by a
 * layer and written again. Does not mount anything, and does not need the files with the contents.
 *
 * Throws `INVALID` for a damaged index. Terminates for any bytes, and never reads outside them.
 */
export function readIndex(bytes: Uint8Array): Tree {
  const head = readIndexHead(bytes)
  if (bytes.length < head.size) damaged('it is cut off')
  return new IndexReader(bytes, head).read()
}

interface StoredDirectory {
  readonly directory: Directory
  readonly size: number
  readonly at: number
}

class IndexReader {
  readonly #head: IndexHead
  readonly #bytes: Buffer
  readonly #view: DataView
  /** Files with several names, by position. */
  readonly #linked = new Map<number, Inode>()
  readonly #directories = new Set<number>()
  readonly #pending: StoredDirectory[] = []

  constructor(bytes: Uint8Array, head: IndexHead) {
    this.#head = head
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, head.size)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, head.size)
  }

  read(): Tree {
    const { rootPosition, devices } = this.#head
    const root = this.#readInode(rootPosition, { name: '', parent: undefined })
    if (!(root instanceof Directory)) return damaged('its root is not a directory')
    for (const stored of this.#pending) this.#readEntries(stored)
    return { root, devices: devices.map(({ tag, blocks }) => ({ tag, blocks })), layers: 0 }
  }

  #readEntries({ directory, size, at }: StoredDirectory): void {
    for (let block = at; block < at + size; block += blockSize) {
      this.#readBlock(directory, block, Math.min(blockSize, at + size - block))
    }
  }

  #readBlock(directory: Directory, at: number, size: number): void {
    const view = this.#view
    if (size < direntSize) damaged('a directory is cut off')
    const names = view.getUint16(at + direntField.nameOffset, true)
    const count = names / direntSize
    if (!Number.isInteger(count) || count === 0 || names > size) damaged('a directory is malformed')
    for (let i = 0; i < count; i++) {
      const entry = at + i * direntSize
      const start = view.getUint16(entry + direntField.nameOffset, true)
      const last = i === count - 1
      const end = last
        ? this.#nameEnd(at + start, at + size) - at
        : view.getUint16(entry + direntSize + direntField.nameOffset, true)
      if (start < names || end <= start || end > size) damaged('a directory is malformed')
      const name = decodeName(this.#bytes, at + start, at + end)
      if (name === '.' || name === '..') continue
      if (name.includes('/') || name.includes('\0')) damaged('a name is malformed')
      const position = this.#getUint64(entry + direntField.inode) * slotSize
      directory.children.set(name, this.#readInode(position, { name, parent: directory }))
    }
  }

  /** The last name of a block ends at the end of the used bytes, or at a NUL. */
  #nameEnd(start: number, end: number): number {
    const nul = this.#bytes.subarray(start, end).indexOf(0)
    return nul === -1 ? end : start + nul
  }

  #readInode(
    at: number,
    { name, parent }: { readonly name: string; readonly parent: Directory | undefined },
  ): Inode {
    const known = this.#linked.get(at)
    if (known !== undefined) return known
    const view = this.#view
    if (at < 0 || at + inodeSize > view.byteLength) damaged('an inode lies outside')
    const attributes = {
      mode: view.getUint16(at + inodeField.mode, true),
      uid: view.getUint32(at + inodeField.uid, true),
      gid: view.getUint32(at + inodeField.gid, true),
      mtime: this.#getUint64(at + inodeField.mtime),
      mtimeNanoseconds: view.getUint32(at + inodeField.mtimeNanoseconds, true),
    }
    const type = attributes.mode & fileType.mask
    if (type === fileType.directory) {
      if (this.#directories.has(at)) damaged('a directory has two names')
      this.#directories.add(at)
      const place = parent && { parent, name, nameLength: byteLength(name) }
      const directory = new Directory(attributes, place)
      if (directory.pathLength > longestPath) damaged('a directory lies too deep')
      directory.xattrs = this.#readXattrs(at)
      const size = this.#getUint64(at + inodeField.size)
      this.#pending.push({ directory, size, at: this.#dataOf(at, size) })
      return directory
    }
    const inode = new Inode(attributes)
    if (view.getUint32(at + inodeField.links, true) > 1) this.#linked.set(at, inode)
    inode.xattrs = this.#readXattrs(at)
    this.#readContents(inode, type, at)
    return inode
  }

  #readContents(inode: Inode, type: number, at: number): void {
    const start = this.#view.getUint32(at + inodeField.start, true)
    switch (type) {
      case fileType.file:
        inode.size = this.#getUint64(at + inodeField.size)
        if (inode.size < 0) damaged('a file has a negative size')
        if (inode.size > 0) this.#locate(inode, start)
        return
      case fileType.symlink: {
        inode.size = this.#getUint64(at + inodeField.size)
        if (inode.size > longestPath) damaged('a link is too long')
        const data = this.#dataOf(at, inode.size)
        inode.target = decodeName(this.#bytes, data, data + inode.size)
        return
      }
      case fileType.character:
      case fileType.block:
        inode.rdev = start
        return
      case fileType.fifo:
        return
      default:
        damaged('an inode has an unknown type')
    }
  }

  /** Finds the device in which the file's contents start. */
  #locate(inode: Inode, block: number): void {
    const device = this.#head.devices.findLastIndex(({ address }) => address <= block)
    const found = this.#head.devices[device]
    const end = block + Math.ceil(inode.size / blockSize)
    if (found === undefined || end > found.address + found.blocks) {
      damaged('the contents of a file lie outside')
    }
    inode.device = device
    inode.block = block - (found?.address ?? 0)
  }

  /**
   * Position of data that the index itself contains: directly after the inode, or in separate
   * blocks.
   */
  #dataOf(at: number, size: number): number {
    const format = this.#view.getUint16(at + inodeField.format, true)
    const attributes = xattrSizeOf(this.#view.getUint16(at + inodeField.xattrCount, true))
    let data: number
    if (format === inodeFormat.inline) data = at + inodeSize + attributes
    else if (format === inodeFormat.plain) {
      data = this.#view.getUint32(at + inodeField.start, true) * blockSize
    } else return damaged('an inode has an unknown layout')
    return size >= 0 && data + size <= this.#view.byteLength ? data : damaged('data lie outside')
  }

  #readXattrs(at: number): ReadonlyMap<string, Uint8Array> | undefined {
    const size = xattrSizeOf(this.#view.getUint16(at + inodeField.xattrCount, true))
    if (size === 0) return undefined
    return readXattrs(this.#bytes, at + inodeSize, size) ?? damaged('attributes are malformed')
  }

  /** A whole number, negative ones in two's complement. */
  #getUint64(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getInt32(at + 4, true) * 2 ** 32
  }
}
