import { errno, SystemError, symbols } from '../call/libc.ts'
import { openFlag } from '../call/posix.ts'
import { terminated } from './root-entries.ts'

/** Copying contents between open files in the kernel, and finding the holes of a file. */
const c = symbols({
  // glibc has a function for this call only since 2.27.
  copy_file_range: {
    args: ['i32', 'ptr', 'i32', 'ptr', 'u64', 'u32'],
    returns: 'i64',
    syscall: process.arch === 'arm64' ? 285 : 326,
  },
  sendfile: { args: ['i32', 'i32', 'ptr', 'u64'], returns: 'i64' },
  lseek: { args: ['i32', 'i64', 'i32'], returns: 'i64' },
  openat: { args: ['i32', 'ptr', 'i32', 'u32'], returns: 'i32' },
})

const atCwd = -100
const [seekSet, seekData, seekHole] = [0, 3, 4]
const [EINTR, ENXIO] = [4, 6]
/** A file system that cannot copy from the other one, or cannot copy at all. */
const cannotCopy: readonly number[] = [1, 9, 18, 22, 26, 38, 95]

/**
 * Opens the regular file of an `openPlace` descriptor for reading. It is the file whose status the
 * caller has checked, also when another process has given its name to a device or a pipe since.
 */
export function openFound(place: number): number {
  const name = terminated(Buffer.from(`/proc/self/fd/${place}`))
  const fd = c().openat(atCwd, name, openFlag.readOnly | openFlag.closeOnExec, 0)
  if (fd === -1) throw new SystemError(errno(), 'openat')
  return fd
}

/** A stretch of a file that is not a hole. */
export interface DataRange {
  readonly start: number
  readonly end: number
}

/** Returns the first data at or after `offset`; `undefined` when a hole reaches to the file's end. */
export function nextData(fd: number, offset: number): DataRange | undefined {
  const start = Number(c().lseek(fd, offset, seekData))
  if (start === -1) {
    const number = errno()
    if (number === ENXIO) return undefined
    throw new SystemError(number, 'lseek')
  }
  const end = Number(c().lseek(fd, start, seekHole))
  if (end === -1) throw new SystemError(errno(), 'lseek')
  return { start, end }
}

const [fromOffset, toOffset] = [new BigInt64Array(1), new BigInt64Array(1)]

/**
 * Copies at most `length` bytes from one open file to the same offset of another. Returns the
 * number of bytes, 0 at the end of the file, and `undefined` when the kernel cannot copy between
 * these two files.
 */
export function copyRange(
  from: number,
  to: number,
  { offset, length }: { readonly offset: number; readonly length: number },
): number | undefined {
  fromOffset[0] = BigInt(offset)
  toOffset[0] = BigInt(offset)
  const copied = Number(c().copy_file_range(from, fromOffset, to, toOffset, length, 0))
  if (copied !== -1) return copied
  const number = errno()
  if (number === EINTR) return copyRange(from, to, { offset, length })
  if (!cannotCopy.includes(number)) throw new SystemError(number, 'copy_file_range')
  return send(from, to, { offset, length })
}

function send(
  from: number,
  to: number,
  { offset, length }: { readonly offset: number; readonly length: number },
): number | undefined {
  if (Number(c().lseek(to, offset, seekSet)) === -1) throw new SystemError(errno(), 'lseek')
  for (;;) {
    fromOffset[0] = BigInt(offset)
    const sent = Number(c().sendfile(to, from, fromOffset, length))
    if (sent !== -1) return sent
    const number = errno()
    if (number === EINTR) continue
    if (cannotCopy.includes(number)) return undefined
    throw new SystemError(number, 'sendfile')
  }
}
