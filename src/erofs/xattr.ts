import { areTooLarge, decodeName, encodeName } from '#tar'
import { roundUp, xattrEntrySize, xattrHeaderSize } from './format.ts'
import { fault, LayerFault } from './resolve.ts'

export type Xattrs = ReadonlyMap<string, Uint8Array>

/** The number that an index stores instead of the prefix of a name. */
const prefixes: readonly (readonly [prefix: string, index: number])[] = [
  ['user.', 1],
  ['system.posix_acl_access', 2],
  ['system.posix_acl_default', 3],
  ['trusted.', 4],
  ['security.', 6],
]

const longestName = 255

/** Throws `LayerFault` for an attribute that no file system accepts. */
export function checkXattr(name: string, value: Uint8Array): void {
  if (encodeName(name).length > longestName) throw new LayerFault(fault.outOfRange)
  if (name === 'security.capability' && !isCapability(value)) throw new LayerFault(fault.invalid)
}

/** Throws `LayerFault` when the attributes of one inode are too many or too large. */
export function checkXattrs(xattrs: Xattrs): void {
  // The inode counts units of four bytes in 16 bits, and a value has 16 bits for its size.
  if (areTooLarge(xattrs)) throw new LayerFault(fault.valueTooLong)
}

/** Accepts `struct vfs_cap_data` of revision 2 or 3, because the kernel stores no other. */
function isCapability(value: Uint8Array): boolean {
  const revision = value[3]
  const flagsOnly = ((value[0] ?? 0) & 0xfe) === 0 && value[1] === 0 && value[2] === 0
  return (
    flagsOnly &&
    ((value.length === 20 && revision === 2) || (value.length === 24 && revision === 3))
  )
}

/** Size in bytes of the attribute body behind an inode; 0 without attributes. */
export function xattrSize(xattrs: Xattrs | undefined): number {
  return xattrs === undefined || xattrs.size === 0 ? 0 : xattrHeaderSize + entriesSize(xattrs)
}

function entriesSize(xattrs: Xattrs): number {
  let size = 0
  for (const [name, value] of xattrs) {
    const { rest } = splitName(name)
    size += roundUp(xattrEntrySize + encodeName(rest).length + value.length, 4)
  }
  return size
}

/** The inode's field for a body of `size` bytes. */
export function xattrCount(size: number): number {
  return size === 0 ? 0 : 1 + (size - xattrHeaderSize) / 4
}

/** Returns the size of the body that the inode's field means. */
export function xattrSizeOf(count: number): number {
  return count === 0 ? 0 : xattrHeaderSize + (count - 1) * 4
}

/** Writes the attributes in the order of their names. The bytes of the header are all 0. */
export function writeXattrs(xattrs: Xattrs, target: Buffer, start: number): void {
  let at = start + xattrHeaderSize
  for (const name of [...xattrs.keys()].sort()) {
    const value = xattrs.get(name) ?? new Uint8Array(0)
    const { index, rest } = splitName(name)
    const bytes = encodeName(rest)
    target[at] = bytes.length
    target[at + 1] = index
    target.writeUInt16LE(value.length, at + 2)
    target.set(bytes, at + xattrEntrySize)
    target.set(value, at + xattrEntrySize + bytes.length)
    at += roundUp(xattrEntrySize + bytes.length + value.length, 4)
  }
}

/** Reads a body of `size` bytes. Returns `undefined` when it is damaged. */
export function readXattrs(source: Buffer, start: number, size: number): Xattrs | undefined {
  const found = new Map<string, Uint8Array>()
  const end = start + size
  if (end > source.length) return undefined
  let at = start + xattrHeaderSize
  while (at + xattrEntrySize <= end) {
    const nameSize = source[at] ?? 0
    const prefix = prefixes.find(([, index]) => index === source[at + 1])
    const valueSize = source.readUInt16LE(at + 2)
    const nameAt = at + xattrEntrySize
    const valueAt = nameAt + nameSize
    if (prefix === undefined || valueAt + valueSize > end) return undefined
    const name = `${prefix[0]}${decodeName(source, nameAt, valueAt)}`
    found.set(name, new Uint8Array(source.subarray(valueAt, valueAt + valueSize)))
    at += roundUp(xattrEntrySize + nameSize + valueSize, 4)
  }
  return found
}

function splitName(name: string): { readonly index: number; readonly rest: string } {
  for (const [prefix, index] of prefixes) {
    if (name.startsWith(prefix)) return { index, rest: name.slice(prefix.length) }
  }
  throw new RangeError(`The attribute ${name} has no place in an index`)
}
