import { errno, SystemError, symbols } from '../call/libc.ts'
import { openFlag } from '../call/posix.ts'

/**
 * Files by directory descriptor and name, for code that works inside an untrusted tree. The kernel
 * resolves a path once, with the tree as its root (`resolveDirectory`). Every later call names one
 * component in an open directory and follows no link. So neither a link in the tree nor a process
 * that exchanges directories can lead a call out of the tree.
 *
 * Names are bytes without NUL and slash. For an absent or existing name these functions return a
 * result; every other failure throws `SystemError`. Needs Bun.
 */
const arm = process.arch === 'arm64'

const c = symbols({
  openat2: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64', syscall: 437 },
  getdents64: { args: ['i32', 'ptr', 'u64'], returns: 'i64', syscall: arm ? 61 : 217 },
  // glibc has a function for this call only since 2.33.
  mknodat: { args: ['i32', 'ptr', 'u32', 'u32'], returns: 'i64', syscall: arm ? 33 : 259 },
  openat: { args: ['i32', 'ptr', 'i32', 'u32'], returns: 'i32' },
  mkdirat: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  symlinkat: { args: ['ptr', 'i32', 'ptr'], returns: 'i32' },
  linkat: { args: ['i32', 'ptr', 'i32', 'ptr', 'i32'], returns: 'i32' },
  unlinkat: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  renameat2: {
    args: ['i32', 'ptr', 'i32', 'ptr', 'u32'],
    returns: 'i64',
    syscall: arm ? 276 : 316,
  },
  readlinkat: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64' },
  close: { args: ['i32'], returns: 'i32' },
})

const atCwd = -100
const removeDirectoryFlag = 0x200
const nonBlocking = 0o4000
const [resolveNoMagicLinks, resolveNoSymlinks, resolveInRoot] = [0x02, 0x04, 0x10]
const { readOnly, writeOnly, create, exclusive, directory, noFollow, closeOnExec, path } = openFlag

/** Error numbers that these functions turn into results. */
const [EPERM, ENOENT, EAGAIN, EEXIST, ENOTDIR, EISDIR, ELOOP] = [1, 2, 11, 17, 20, 21, 40]

const firstName = new Uint8Array(4352)
const secondName = new Uint8Array(4352)

/** Returns `name` as a C string, in memory that the next call reuses. */
export function terminated(name: Uint8Array, target: Uint8Array = firstName): Uint8Array {
  if (name.length >= target.length) throw new SystemError(36, 'openat')
  if (name.includes(0)) throw new SystemError(22, 'openat')
  target.set(name)
  target[name.length] = 0
  return target
}

/** Returns `result`, `undefined` when it is -1 with one of the `expected` errors. */
function unless(
  expected: readonly number[],
  result: number | bigint,
  syscall: string,
): number | undefined {
  if (Number(result) !== -1) return Number(result)
  const number = errno()
  if (expected.includes(number)) return undefined
  throw new SystemError(number, syscall)
}

/** Opens a directory by a trusted path. The caller closes the descriptor. */
export function openRoot(rootPath: string): number {
  const name = terminated(Buffer.from(rootPath))
  return unless([], c().openat(atCwd, name, readOnly | directory | closeOnExec, 0), 'openat') ?? -1
}

const how = new BigUint64Array(3)
const triesWhileRenamed = 1000

/**
 * Opens the directory that `path` names when `root` is `/`: links are followed, and
 * absolute links and `..` stay inside. Returns `undefined` when a component is absent.
 * The descriptor is a place only (`O_PATH`); the caller closes it.
 */
export function resolveDirectory(
  root: number,
  relativePath: Uint8Array,
  options: { readonly links?: 'follow' | 'refuse' } = {},
): number | undefined {
  const links = options.links === 'refuse' ? resolveNoSymlinks : resolveNoMagicLinks
  how.set([BigInt(path | directory | closeOnExec), 0n, BigInt(resolveInRoot | links)])
  for (let tries = 0; ; tries++) {
    const fd = Number(c().openat2(root, terminated(relativePath), how, 24))
    if (fd !== -1) return fd
    const number = errno()
    if (number === ENOENT) return undefined
    // The kernel cannot tell whether `..` left the root during a rename of a directory.
    if (number !== EAGAIN || tries === triesWhileRenamed) throw new SystemError(number, 'openat2')
  }
}

/** Opens a directory for reading. Returns `undefined` for an absent name or a link. */
export function openDirectory(dir: number, name: Uint8Array): number | undefined {
  const flags = readOnly | directory | noFollow | closeOnExec
  return unless([ENOENT, ENOTDIR, ELOOP], c().openat(dir, terminated(name), flags, 0), 'openat')
}

/** Opens a file for reading. Returns `undefined` for an absent name or a link. */
export function openFileAt(dir: number, name: Uint8Array): number | undefined {
  const flags = readOnly | noFollow | nonBlocking | closeOnExec
  return unless([ENOENT, ELOOP], c().openat(dir, terminated(name), flags, 0), 'openat')
}

/** Opens anything of this name, a link too, as a place (`O_PATH`), without an effect on it. */
export function openPlace(dir: number, name: Uint8Array): number | undefined {
  const flags = path | noFollow | closeOnExec
  return unless([ENOENT], c().openat(dir, terminated(name), flags, 0), 'openat')
}

/** Creates a file of mode 0600 for writing. Returns `undefined` when the name is taken. */
export function createFile(dir: number, name: Uint8Array): number | undefined {
  const flags = writeOnly | create | exclusive | noFollow | closeOnExec
  return unless([EEXIST], c().openat(dir, terminated(name), flags, 0o600), 'openat')
}

/** Creates a directory of mode 0700. Returns `false` when the name is taken. */
export function makeDirectory(dir: number, name: Uint8Array): boolean {
  return unless([EEXIST], c().mkdirat(dir, terminated(name), 0o700), 'mkdirat') !== undefined
}

/** Creates a symbolic link. Returns `false` when the name is taken. */
export function makeSymlink(dir: number, name: Uint8Array, target: Uint8Array): boolean {
  const made = c().symlinkat(terminated(target, secondName), dir, terminated(name))
  return unless([EEXIST], made, 'symlinkat') !== undefined
}

/** Adds a name to a file, or to a symbolic link itself. Returns `false` when the name is taken. */
export function makeHardlink(dir: number, name: Uint8Array, target: EntryName): boolean {
  const from = terminated(target.name, secondName)
  return (
    unless([EEXIST], c().linkat(target.dir, from, dir, terminated(name), 0), 'linkat') !== undefined
  )
}

/** A name in an open directory. */
export interface EntryName {
  readonly dir: number
  readonly name: Uint8Array
}

const noReplace = 1

/** Moves a file or directory within one file system. Returns `false` when the new name is taken. */
export function moveEntry(from: EntryName, to: EntryName): boolean {
  const [source, target] = [terminated(from.name), terminated(to.name, secondName)]
  const moved = c().renameat2(from.dir, source, to.dir, target, noReplace)
  return unless([EEXIST], moved, 'renameat2') !== undefined
}

/** The types of file that `makeSpecial` creates. */
export interface SpecialFile {
  readonly type: 'character' | 'block' | 'fifo'
  readonly major: number
  readonly minor: number
}

const specialTypes = { character: 0o020000, block: 0o060000, fifo: 0o010000 }

/** Creates a device or FIFO of mode 0600. Returns `false` when the name is taken. */
export function makeSpecial(dir: number, name: Uint8Array, file: SpecialFile): boolean {
  const { major, minor } = file
  // The kernel's 32-bit encoding: 12 bits of major, 20 of minor.
  if (major > 0xfff || minor > 0xfffff) throw new SystemError(22, 'mknodat')
  const device = ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0
  const mode = specialTypes[file.type] | 0o600
  return unless([EEXIST], c().mknodat(dir, terminated(name), mode, device), 'mknodat') !== undefined
}

/** Returns the target of a symbolic link, byte for byte. */
export function readSymlink(dir: number, name: Uint8Array): Uint8Array {
  const target = new Uint8Array(4096)
  const length = unless([], c().readlinkat(dir, terminated(name), target, 4096), 'readlinkat') ?? 0
  return target.subarray(0, length)
}

/** Returns the path of an open directory from the kernel: absolute, without links. */
export function locate(fd: number): Uint8Array {
  return readSymlink(atCwd, Buffer.from(`/proc/self/fd/${fd}`))
}

/**
 * One name in a directory; `type` is the `DT_` number, 0 when the file system does not report it.
 */
export interface DirectoryName {
  readonly name: Uint8Array
  readonly type: number
}

const entries = Buffer.allocUnsafeSlow(65_536)

/** Returns the names in a newly opened directory, in no order, without `.` and `..`. */
export function listDirectory(fd: number): DirectoryName[] {
  const names: DirectoryName[] = []
  for (;;) {
    const filled = unless([], c().getdents64(fd, entries, entries.length), 'getdents64') ?? 0
    if (filled === 0) return names
    for (let at = 0; at < filled; ) {
      const start = at + 19
      const end = entries.indexOf(0, start)
      const dots = entries[start] === 0x2e && (end === start + 1 || entries[start + 1] === 0x2e)
      if (!dots || end > start + 2) {
        names.push({
          name: new Uint8Array(entries.subarray(start, end)),
          type: entries[at + 18] ?? 0,
        })
      }
      at += entries.readUInt16LE(at + 16)
    }
  }
}

/** Removes a name that is not a directory. Returns `false` for an absent name; throws `EISDIR`. */
export function removeName(dir: number, name: Uint8Array): boolean {
  return unless([ENOENT], c().unlinkat(dir, terminated(name), 0), 'unlinkat') !== undefined
}

/** Removes a file of any type, a directory with its content. Returns `false` for an absent name. */
export function removeTree(dir: number, name: Uint8Array): boolean {
  const result = c().unlinkat(dir, terminated(name), 0)
  if (result !== -1) return true
  const number = errno()
  if (number === ENOENT) return false
  if (number !== EISDIR && number !== EPERM) throw new SystemError(number, 'unlinkat')
  const fd = openDirectory(dir, name)
  if (fd === undefined) throw new SystemError(number, 'unlinkat')
  try {
    for (const child of listDirectory(fd)) removeTree(fd, child.name)
  } finally {
    closeDescriptor(fd)
  }
  const removed = c().unlinkat(dir, terminated(name), removeDirectoryFlag)
  return unless([ENOENT], removed, 'unlinkat') !== undefined
}

/** Closes a descriptor. An error of `close` is ignored. */
export function closeDescriptor(fd: number): void {
  c().close(fd)
}
