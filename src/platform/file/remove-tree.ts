import { StrakeError } from '#oci'
import { check, cString, isSystemError, symbols } from '../call/libc.ts'
import { closeFile, openFlag } from '../call/posix.ts'
import { mountsBelow } from '../kernel/mountinfo.ts'

const c = symbols({
  openat2: { syscall: 437, args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64' },
  getdents64: {
    syscall: process.arch === 'arm64' ? 61 : 217,
    args: ['i32', 'ptr', 'u32'],
    returns: 'i64',
  },
  unlinkat: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  renameat: { args: ['i32', 'ptr', 'i32', 'ptr'], returns: 'i32' },
})

const atCwd = -100
const atRemoveDirectory = 0x200
const typeDirectory = 4
const resolve = { noXdev: 1n, noSymlinks: 4n, beneath: 8n } as const

/** A deeper directory is moved up first, so that the number of open files does not grow with the depth. */
const maxDepth = 64
const entriesBetweenPauses = 4096

/**
 * Removes `path` and everything below it. An absent path is not an error. A link is
 * removed, never followed.
 *
 * Never enters a mount, not even one that appears during the removal: that would
 * destroy files of another file system. Throws `CONFLICT` and removes nothing when
 * anything is mounted at or below `path`; unmount it first.
 */
export async function removeTree(path: string): Promise<void> {
  if (process.versions['bun'] === undefined) {
    const { rm } = process.getBuiltinModule('node:fs/promises')
    return rm(path, { recursive: true, force: true })
  }
  const [mount] = mountsBelow(path)
  if (mount !== undefined) throw refusal(path, mount.target)
  const name = cString(path)
  if (unlinkFile(atCwd, name, path)) return
  const root = openDirectory(atCwd, name, path, 0n)
  if (root === undefined) return
  const walk: Walk = { root, path, moved: [], removed: 0 }
  try {
    await emptyDirectory(walk, root, 0)
    for (let next = walk.moved.pop(); next !== undefined; next = walk.moved.pop()) {
      await removeSubtree(walk, root, next, 0)
    }
  } finally {
    closeFile(root)
  }
  removeEntry(atCwd, name, path)
}

interface Walk {
  readonly root: number
  readonly path: string
  /** Names, in the root, of directories that were too deep. */
  readonly moved: Uint8Array[]
  removed: number
}

async function removeSubtree(
  walk: Walk,
  parent: number,
  name: Uint8Array,
  depth: number,
): Promise<void> {
  const fd = openDirectory(
    parent,
    name,
    walk.path,
    resolve.noXdev | resolve.noSymlinks | resolve.beneath,
  )
  if (fd === undefined) return
  try {
    await emptyDirectory(walk, fd, depth)
  } finally {
    closeFile(fd)
  }
  removeEntry(parent, name, walk.path)
}

async function emptyDirectory(walk: Walk, fd: number, depth: number): Promise<void> {
  const buffer = new Uint8Array(32768)
  const view = new DataView(buffer.buffer)
  for (;;) {
    const length = readEntries(fd, buffer, walk.path)
    if (length === 0) return
    for (let at = 0; at < length; ) {
      const next = at + view.getUint16(at + 16, true)
      const type = buffer[at + 18]
      const end = buffer.indexOf(0, at + 19) + 1
      const name = buffer.subarray(at + 19, end)
      at = next
      if (isDots(name)) continue
      walk.removed += 1
      if (walk.removed % entriesBetweenPauses === 0) await pause()
      // Some file systems do not report the type of an entry: try it as a file.
      if (type !== typeDirectory && unlinkFile(fd, name, walk.path)) continue
      if (depth < maxDepth) await removeSubtree(walk, fd, name.slice(), depth + 1)
      else moveUp(walk, fd, name)
    }
  }
}

/** Returns 0 also when another process has removed the directory: Linux then reports ENOENT. */
function readEntries(fd: number, buffer: Uint8Array, path: string): number {
  try {
    return check(c().getdents64(fd, buffer, buffer.length), 'getdents64', path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 0
    throw error
  }
}

function moveUp(walk: Walk, fd: number, name: Uint8Array): void {
  // Another process may remove the same tree and move other directories up.
  const flat = cString(`.strake-deep-${process.pid}-${walk.removed}`)
  try {
    check(c().renameat(fd, name, walk.root, flat), 'renameat', walk.path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return
    throw error
  }
  walk.moved.push(flat)
}

/** Lets other tasks of the program run: a large tree takes a second or more. */
function pause(): Promise<void> {
  return new Promise((resume) => setImmediate(resume))
}

function isDots(name: Uint8Array): boolean {
  return name[0] === 0x2e && (name.length === 2 || (name.length === 3 && name[1] === 0x2e))
}

/** Returns false for a directory. Linux reports EISDIR where POSIX has EPERM. */
function unlinkFile(parent: number, name: Uint8Array, path: string): boolean {
  try {
    check(c().unlinkat(parent, name, 0), 'unlinkat', path)
  } catch (error) {
    if (isSystemError(error, 'EISDIR')) return false
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  return true
}

function removeEntry(parent: number, name: Uint8Array, path: string): void {
  try {
    check(c().unlinkat(parent, name, atRemoveDirectory), 'unlinkat', path)
  } catch (error) {
    if (isSystemError(error, 'EBUSY')) throw refusal(path, path)
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

function openDirectory(
  parent: number,
  name: Uint8Array,
  path: string,
  how: bigint,
): number | undefined {
  const flags = openFlag.directory | openFlag.noFollow | openFlag.closeOnExec
  const request = new BigUint64Array([BigInt(flags), 0n, how])
  try {
    return check(c().openat2(parent, name, request, request.byteLength), 'openat2', path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    if (isSystemError(error, 'EXDEV')) throw refusal(path, path)
    throw error
  }
}

function refusal(path: string, mount: string): StrakeError {
  return new StrakeError('CONFLICT', `Cannot remove ${path}: something is mounted at ${mount}`, {
    remedy: `unmount it first with umount ${mount}`,
  })
}
