import { check, cString, SystemError, symbols } from './libc.ts'

/**
 * Direct, synchronous file calls for code that runs before every container start, where loading
 * `node:fs` (2-3 ms) would take longer than the work. They need Bun and throw `SystemError`. Long
 * or large operations belong in `files.ts`.
 */
const c = symbols({
  open: { args: ['ptr', 'i32', 'u32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i64' },
  pread: { args: ['i32', 'ptr', 'u64', 'i64'], returns: 'i64' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i64' },
  mkdir: { args: ['ptr', 'u32'], returns: 'i32' },
  rmdir: { args: ['ptr'], returns: 'i32' },
  unlink: { args: ['ptr'], returns: 'i32' },
  rename: { args: ['ptr', 'ptr'], returns: 'i32' },
  access: { args: ['ptr', 'i32'], returns: 'i32' },
  realpath: { args: ['ptr', 'ptr'], returns: 'u64' },
  statx: { args: ['i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32' },
  chmod: { args: ['ptr', 'u32'], returns: 'i32' },
  readlink: { args: ['ptr', 'ptr', 'u64'], returns: 'i64' },
})

const arm = process.arch === 'arm64'

/** Flags of `open(2)`; two of them differ between x86-64 and arm64. */
export const openFlag: Readonly<
  Record<
    | 'readOnly'
    | 'writeOnly'
    | 'create'
    | 'exclusive'
    | 'append'
    | 'truncate'
    | 'nonBlocking'
    | 'directory'
    | 'noFollow'
    | 'closeOnExec'
    | 'path',
    number
  >
> = {
  readOnly: 0,
  writeOnly: 1,
  create: 0o100,
  exclusive: 0o200,
  append: 0o2000,
  truncate: 0o1000,
  nonBlocking: 0o4000,
  directory: arm ? 0o40000 : 0o200000,
  noFollow: arm ? 0o100000 : 0o400000,
  closeOnExec: 0o2000000,
  path: 0o10000000,
}

const atCwd = -100
const symlinkNoFollow = 0x100

/** Opens `path`, always close-on-exec. The caller closes the descriptor. */
export function openFile(path: string, flags: number, mode = 0): number {
  return check(c().open(cString(path), flags | openFlag.closeOnExec, mode), 'open', path)
}

export function closeFile(fd: number): void {
  check(c().close(fd), 'close')
}

/** Reads into `target` with one call and returns the number of bytes; 0 at the end. */
export function readFile(fd: number, target: Uint8Array): number {
  return check(c().read(fd, target, target.length), 'read')
}

/** Like `readFile`, from a position of the file. */
export function readFileAt(fd: number, target: Uint8Array, position: number): number {
  return check(c().pread(fd, target, target.length, position), 'pread')
}

/**
 * Writes a file of this program, new or instead of the old contents. Another process may see a part of
 * it. Throws `ENOSPC` when a full disk accepts no byte.
 */
export function writeSmallFile(path: string, text: string, mode: number): void {
  const fd = openFile(path, openFlag.writeOnly | openFlag.create | openFlag.truncate, mode)
  try {
    writeWhole(fd, new TextEncoder().encode(text), path)
  } finally {
    closeFile(fd)
  }
}

const noSpace = 28

/** Writes all bytes. `path` is for the error: `ENOSPC` when a full disk accepts no byte. */
export function writeWhole(fd: number, bytes: Uint8Array, path: string): void {
  for (let left = bytes; left.length > 0; ) {
    const written = writeDescriptorNow(fd, left)
    if (written === 0) throw new SystemError(noSpace, 'write', path)
    left = left.subarray(written)
  }
}

/** Writes with one call, waiting for a slow reader, and returns the number of bytes written. */
export function writeDescriptorNow(fd: number, bytes: Uint8Array): number {
  return check(c().write(fd, bytes, bytes.length), 'write')
}

/**
 * Returns the text of a small file such as those of `/proc`, `undefined` for an
 * absent file. A file with more than `limit` bytes gives a text longer than `limit`,
 * not the whole text. A pipe without a writer gives an empty text.
 */
export function readSmallFile(
  path: string,
  limit: number = Number.POSITIVE_INFINITY,
): string | undefined {
  if (process.versions['bun'] === undefined) return readWithNode(path)
  const fd = ignoring(['ENOENT', 'ENOTDIR', 'ESRCH'], () =>
    openFile(path, openFlag.readOnly | openFlag.nonBlocking),
  )
  if (fd === undefined) return undefined
  try {
    let content = new Uint8Array(16384)
    let length = 0
    for (;;) {
      if (length === content.length) {
        const larger = new Uint8Array(content.length * 2)
        larger.set(content)
        content = larger
      }
      const count = ignoring(['ESRCH'], () => readFile(fd, content.subarray(length)))
      if (count === undefined) return undefined
      if (count === 0 || length > limit)
        return new TextDecoder().decode(content.subarray(0, length))
      length += count
    }
  } finally {
    closeFile(fd)
  }
}

function readWithNode(path: string): string | undefined {
  const { readFileSync } = process.getBuiltinModule('node:fs')
  return ignoring(['ENOENT', 'ENOTDIR', 'ESRCH'], () => readFileSync(path, 'utf8'))
}

/** Returns the result of `call`, `undefined` when it throws a system error with one of `codes`. */
export function ignoring<T>(codes: readonly string[], call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (error instanceof Error && 'code' in error && codes.includes(String(error.code))) {
      return undefined
    }
    throw error
  }
}

/** Creates one directory. Returns `false` when the name is taken. */
export function makeDirectory(path: string, mode = 0o777): boolean {
  const make = (): boolean => check(c().mkdir(cString(path), mode), 'mkdir', path) === 0
  return ignoring(['EEXIST'], make) ?? false
}

/** Creates a directory and the missing ones above it, all with `mode`. */
export function makeDirectories(path: string, mode = 0o777): void {
  try {
    if (makeDirectory(path, mode)) return
  } catch (error) {
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (parent === '' || !(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw error
    }
    makeDirectories(parent, mode)
    makeDirectory(path, mode)
  }
}

/** Removes an empty directory. Returns `false` for an absent one. Throws `ENOTEMPTY`, and `EBUSY` on a mount. */
export function removeDirectory(path: string): boolean {
  const remove = (): boolean => check(c().rmdir(cString(path)), 'rmdir', path) === 0
  return ignoring(['ENOENT'], remove) ?? false
}

/** Removes a file or link. Returns `false` for an absent one. */
export function removeFile(path: string): boolean {
  const remove = (): boolean => check(c().unlink(cString(path)), 'unlink', path) === 0
  return ignoring(['ENOENT'], remove) ?? false
}

/** Renames without making it durable; `renameDurable` does. */
export function renamePath(from: string, to: string): void {
  check(c().rename(cString(from), cString(to)), 'rename', from)
}

/** Returns the text of a symbolic link. */
export function readLink(path: string): string {
  const target = new Uint8Array(4096)
  const length = check(c().readlink(cString(path), target, target.length), 'readlink', path)
  return new TextDecoder().decode(target.subarray(0, length))
}

/** True when `path` exists, following links. */
export function pathExists(path: string): boolean {
  return c().access(cString(path), 0) === 0
}

const forWriting = 2

/** True for a path that this process may write. */
export function mayWrite(path: string): boolean {
  return c().access(cString(path), forWriting) === 0
}

/** Returns `path` without links and dots, as in `/proc/self/mountinfo`. Throws `ENOENT`. */
export function realPath(path: string): string {
  const resolved = new Uint8Array(4096)
  const found = BigInt(c().realpath(cString(path), resolved)) !== 0n
  check(found ? 0 : -1, 'realpath', path)
  return new TextDecoder().decode(resolved.subarray(0, resolved.indexOf(0)))
}

/** A moment, since 1970. */
export interface FileTime {
  readonly seconds: bigint
  readonly nanoseconds: number
}

function timeAt(view: DataView, offset: number): FileTime {
  return { seconds: view.getBigInt64(offset, true), nanoseconds: view.getUint32(offset + 8, true) }
}

/** The result of `statx(2)` for a path. A link at its end is not followed. */
export interface FileStatus {
  /** Type and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Number of names of the file. */
  readonly links: number
  /** Bytes. */
  readonly size: number
  /** 512-byte blocks in use. */
  readonly blocks: number
  readonly inode: bigint
  /** `major:minor` of the filesystem. */
  readonly device: string
  readonly mtime: FileTime
  /** The time of the last change of any kind. Only the kernel sets it. */
  readonly ctime: FileTime
  /** True for the root of a mount; `undefined` when the kernel (before 5.8) does not report it. */
  readonly mountRoot: boolean | undefined
}

const basicStats = 0x7ff
const attributeMountRoot = 0x2000n

/** Throws `ENOENT`. A link at the end of the path is not followed. */
export function fileStatus(path: string): FileStatus {
  const buffer = new Uint8Array(256)
  check(c().statx(atCwd, cString(path), symlinkNoFollow, basicStats, buffer), 'statx', path)
  const view = new DataView(buffer.buffer)
  const knowsMounts = (view.getBigUint64(56, true) & attributeMountRoot) !== 0n
  return {
    mode: view.getUint16(28, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    links: view.getUint32(16, true),
    size: Number(view.getBigUint64(40, true)),
    blocks: Number(view.getBigUint64(48, true)),
    inode: view.getBigUint64(32, true),
    device: `${view.getUint32(136, true)}:${view.getUint32(140, true)}`,
    mtime: timeAt(view, 112),
    ctime: timeAt(view, 96),
    mountRoot: knowsMounts ? (view.getBigUint64(8, true) & attributeMountRoot) !== 0n : undefined,
  }
}

/** Changes permission bits. The umask has no effect. */
export function changeMode(path: string, mode: number): void {
  check(c().chmod(cString(path), mode), 'chmod', path)
}
