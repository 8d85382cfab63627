import { StrakeError } from '#oci'
import {
  blockBits,
  blockSize,
  deviceField,
  deviceSlotSize,
  deviceTagSize,
  incompatDeviceTable,
  magic,
  slotSize,
  superblockAt,
  superblockField,
  superblockSize,
} from './format.ts'

/** A file that an index points into. */
export interface IndexDevice {
  readonly tag: string
  /** Whole 512-byte blocks that the file must have. */
  readonly blocks: number
  /** First block in the common address space. */
  readonly address: number
}

/** The head of an index: what a mount needs. */
export interface IndexHead {
  readonly uuid: Uint8Array
  readonly inodes: number
  /** Bytes of the index. */
  readonly size: number
  /** In the order in which the mount options must name them. */
  readonly devices: readonly IndexDevice[]
  /** Byte position of the root directory's inode. */
  readonly rootPosition: number
}

/** Bytes at the start of an index that hold its whole head if it has up to 480 devices. */
export const indexHeadSize = 65_536

/**
 * Reads the head of an index from its first `indexHeadSize` bytes, or from all of it.
 * Throws `INVALID` for an image that strake did not write.
 */
export function readIndexHead(bytes: Uint8Array): IndexHead {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (source.length < superblockAt + superblockSize) damaged('it is too short')
  const block = source.subarray(superblockAt)
  if (block.readUInt32LE(superblockField.magic) !== magic) damaged('it has no superblock')
  const features = block.readUInt32LE(superblockField.featureIncompat)
  const usual =
    block[superblockField.blockBits] === blockBits &&
    block[superblockField.extraSlots] === 0 &&
    block[superblockField.directoryBlockBits] === 0 &&
    block.readUInt16LE(superblockField.compression) === 0 &&
    block.readUInt32LE(superblockField.metadataBlock) === 0 &&
    (features & ~incompatDeviceTable) === 0
  if (!usual) damaged('it uses features that strake does not write')
  const blocks = block.readUInt32LE(superblockField.blocks)
  return {
    uuid: new Uint8Array(block.subarray(superblockField.uuid, superblockField.uuid + 16)),
    inodes: Number(block.readBigUInt64LE(superblockField.inodes)),
    size: blocks * blockSize,
    devices: features === 0 ? [] : readDevices(source, block, blocks),
    rootPosition: block.readUInt16LE(superblockField.rootNumber) * slotSize,
  }
}

/** Returns the devices in the order of their addresses, and refuses overlaps. */
function readDevices(source: Buffer, block: Buffer, blocks: number): readonly IndexDevice[] {
  const devices: IndexDevice[] = []
  const count = block.readUInt16LE(superblockField.devices)
  const table = block.readUInt16LE(superblockField.deviceTable) * deviceSlotSize
  if (table + count * deviceSlotSize > source.length) damaged('its device table is cut off')
  let end = blocks
  for (let index = 0; index < count; index++) {
    const at = table + index * deviceSlotSize
    const tag = source.toString('latin1', at + deviceField.tag, at + deviceTagSize)
    const address = source.readUInt32LE(at + deviceField.address)
    const size = source.readUInt32LE(at + deviceField.blocks)
    if (address < end) damaged('its devices overlap')
    end = address + size
    devices.push({ tag: tag.replace(/\0.*$/s, ''), blocks: size, address })
  }
  return devices
}

/** Returns the error for a damaged index. */
export function damaged(reason: string): never {
  throw new StrakeError('INVALID', `Cannot read index: ${reason}`, {
    remedy: 'make it again from the layers with strake system check --repair',
  })
}
