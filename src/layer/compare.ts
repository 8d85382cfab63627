import { readSync } from 'node:fs'
import { treeCalls } from '#platform'
import { travellingAttributes } from './attribute.ts'

/** An open file or directory, with its status and attributes. */
export interface Opened {
  readonly fd: number
  readonly status: treeCalls.EntryStatus
  readonly xattrs: ReadonlyMap<string, Uint8Array>
}

/** True when the directory in the parent filesystem has the same owner, mode and attributes. */
export function isSameDirectory(upper: Opened, lower: number, acls: boolean): boolean {
  const status = treeCalls.entryStatus(lower)
  if (status === undefined || !sameOwnerAndMode(upper.status, status)) return false
  return sameAttributes(upper.xattrs, travellingAttributes(lower, acls))
}

/**
 * Returns the status of the file `name` in the parent filesystem if it equals `upper`, so that a
 * layer need not contain it: overlayfs copies a file up when it is only opened for writing. `time`
 * is the time that the layer would give it. Contents are compared last, even when times are equal,
 * because some programs set all times to one value.
 */
export function findSameFile(
  upper: Opened,
  lowerDir: number,
  { name, time, acls }: { readonly name: Uint8Array; readonly time: Time; readonly acls: boolean },
): treeCalls.EntryStatus | undefined {
  const { status } = upper
  const lower = treeCalls.entryStatus(lowerDir, name)
  if (lower === undefined || !sameOwnerAndMode(status, lower)) return undefined
  const untouched = sameTime(statusTime(status), statusTime(lower))
  if (status.size !== lower.size || !(untouched || sameTime(time, statusTime(lower)))) {
    return undefined
  }
  const fd = treeCalls.openFileAt(lowerDir, name)
  if (fd === undefined) return undefined
  try {
    const same =
      sameAttributes(upper.xattrs, travellingAttributes(fd, acls)) &&
      sameContents(upper.fd, fd, status.size)
    return same ? lower : undefined
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

export interface Time {
  readonly seconds: number
  readonly nanoseconds: number
}

export function statusTime({ mtime, mtimeNanoseconds }: treeCalls.EntryStatus): Time {
  return { seconds: mtime, nanoseconds: mtimeNanoseconds }
}

export function sameTime(left: Time, right: Time): boolean {
  return left.seconds === right.seconds && left.nanoseconds === right.nanoseconds
}

function sameOwnerAndMode(left: treeCalls.EntryStatus, right: treeCalls.EntryStatus): boolean {
  return left.mode === right.mode && left.uid === right.uid && left.gid === right.gid
}

function sameAttributes(
  left: ReadonlyMap<string, Uint8Array>,
  right: ReadonlyMap<string, Uint8Array>,
): boolean {
  if (left.size !== right.size) return false
  for (const [name, value] of left) {
    const other = right.get(name)
    if (other === undefined || Buffer.compare(value, other) !== 0) return false
  }
  return true
}

const [leftBuffer, rightBuffer] = [Buffer.alloc(65_536), Buffer.alloc(65_536)]

function sameContents(left: number, right: number, size: number): boolean {
  for (let position = 0; position < size; ) {
    const count = readSync(left, leftBuffer, 0, leftBuffer.length, position)
    if (count === 0) return false
    for (let read = 0; read < count; ) {
      const more = readSync(right, rightBuffer, read, count - read, position + read)
      if (more === 0) return false
      read += more
    }
    if (leftBuffer.compare(rightBuffer, 0, count, 0, count) !== 0) return false
    position += count
  }
  return true
}
