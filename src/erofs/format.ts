/**
 * The part of the on-disk format that an index uses: 512-byte blocks, extended
 * inodes, flat data, no compression, no shared attributes. Little endian.
 *
 * @see https://docs.kernel.org/filesystems/erofs.html#on-disk-details
 */
export const magic = 0xe0f5e1e2

/** Also the block size of tar, so an index can point into an archive. */
export const blockBits = 9
export const blockSize = 512

/** Inodes start at multiples of this; an inode's number is its position divided by it. */
export const slotSize = 32
export const inodeSize = 64

export const superblockAt = 1024
export const superblockSize = 128
/** Size of a device slot, and the unit in which the place of the device table is given. */
export const deviceSlotSize = 128
export const deviceTableAt: number = superblockAt + superblockSize
export const deviceTagSize = 64

/** The size of an index is a multiple of this, because a loop device hides a partial last block. */
export const indexAlignment = 4096

/** Offsets of the fields of the superblock that are not 0. */
export const superblockField = {
  magic: 0,
  featureCompat: 8,
  blockBits: 12,
  extraSlots: 13,
  rootNumber: 14,
  inodes: 16,
  blocks: 36,
  metadataBlock: 40,
  uuid: 48,
  featureIncompat: 80,
  compression: 84,
  devices: 86,
  deviceTable: 88,
  directoryBlockBits: 90,
} as const

/** Inodes hold modification times. */
export const compatMtime = 2
export const incompatDeviceTable = 8

export const deviceField = { tag: 0, blocks: 64, address: 68 } as const

export const inodeField = {
  format: 0,
  xattrCount: 2,
  mode: 4,
  size: 8,
  start: 16,
  number: 20,
  uid: 24,
  gid: 28,
  mtime: 32,
  mtimeNanoseconds: 40,
  links: 44,
} as const

/** Where an extended inode keeps its data: in separate blocks, or directly after the inode. */
export const inodeFormat = { plain: 1, inline: 5 } as const

export const direntSize = 12
export const direntField = { inode: 0, nameOffset: 8, type: 10 } as const

export const xattrHeaderSize = 12
export const xattrEntrySize = 4

/** The type bits of a mode. */
export const fileType = {
  mask: 0o170000,
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
} as const

/** A directory entry's type byte, by the type bits of the mode shifted down. */
export const direntTypes: readonly number[] = [0, 5, 3, 0, 2, 0, 4, 0, 1, 0, 7, 0, 6, 0, 0, 0]

/** Addresses are 32 bits wide, and the last one means none. */
export const mostBlocks: number = 2 ** 32 - 1

/** `value` rounded up to a multiple of `unit`, a power of two or not. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
