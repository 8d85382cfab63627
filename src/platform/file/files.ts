import type { FileHandle } from 'node:fs/promises'
import { filesystemType } from '../call/filesystem.ts'
import { check, symbols } from '../call/libc.ts'
import { fsPromises as fs } from '../call/node-fs.ts'
import { closeFile, openFile, openFlag } from '../call/posix.ts'
import { removeTree } from './remove-tree.ts'

let counter = 0

/**
 * Returns a unique name: process, a count and random digits. It ends in `.tmp`, so
 * that leftovers of a crash can be recognized.
 */
export function temporaryName(prefix = ''): string {
  counter += 1
  const random = crypto.getRandomValues(new Uint32Array(2))
  const unique = [...random].map((each) => each.toString(36)).join('')
  return `${prefix}${process.pid}-${counter}-${unique}.tmp`
}

/** For `catch`: returns `undefined` for an absent file, and throws every other error. */
export function ignoreAbsent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

/**
 * Writes all of `bytes` at `position`, or at the file's offset. The kernel may take
 * fewer bytes at a time. Throws `ENOSPC` when a full disk takes no byte.
 */
export async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  position: number | null = null,
): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const at = position === null ? null : position + written
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at)
    if (bytesWritten === 0) {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
        code: 'ENOSPC',
        syscall: 'write',
      })
    }
    written += bytesWritten
  }
}

/**
 * Replaces or creates the file at `path` so that, after a crash, it holds either
 * the old content or all of `content`; once this resolves, it holds `content`.
 */
export async function writeFileDurable(
  path: string,
  content: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const directory = parentDirectory(path)
  const temporary = `${directory}/${temporaryName('.')}`
  try {
    const file = await fs().open(temporary, 'wx', mode)
    try {
      await writeAll(file, bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await renameDurable(temporary, path)
  } catch (error) {
    await fs().rm(temporary, { force: true })
    throw error
  }
}

/**
 * Renames, and returns after the new name has become durable. The caller must sync the content of
 * `from` before.
 */
export async function renameDurable(from: string, to: string): Promise<void> {
  await fs().rename(from, to)
  await syncDirectory(parentDirectory(to))
  if (parentDirectory(from) !== parentDirectory(to)) await syncDirectory(parentDirectory(from))
}

/** Makes the names in a directory durable: created, renamed and removed ones. */
export async function syncDirectory(path: string): Promise<void> {
  const { closeSync, fsync, openSync } = process.getBuiltinModule('node:fs')
  // Only the sync takes longer than a round trip to a thread.
  const descriptor = openSync(path, 'r')
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(descriptor, (error) => (error === null ? resolve() : reject(error)))
    })
  } catch (error) {
    // Some filesystems (FUSE, network) have no fsync for directories.
    if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error
  } finally {
    closeSync(descriptor)
  }
}

const c = symbols({ syncfs: { args: ['i32'], returns: 'i32' } })

/**
 * Makes everything on the file system of `path` durable; this is how to sync a tree of thousands of
 * files. A child process waits for it, because it may take seconds. File systems in memory need no
 * sync.
 */
export async function syncFilesystem(path: string): Promise<void> {
  const onBun = process.versions['bun'] !== undefined
  if (onBun && filesystemType(path) === 'tmpfs') return
  const { spawn } = process.getBuiltinModule('node:child_process')
  const done = await new Promise<boolean>((resolve) => {
    const child = spawn('sync', ['--file-system', path], { stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
  if (done) return
  if (!onBun) throw new Error(`Cannot sync ${path}: the sync command did not succeed`)
  const fd = openFile(path, openFlag.readOnly)
  try {
    check(c().syncfs(fd), 'syncfs', path)
  } finally {
    closeFile(fd)
  }
}

/** A directory that is removed with its content at the end of the scope. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string
}

/** Creates a directory below `parent`, mode 0700. */
export async function mkdtempDisposable(
  parent: string,
  prefix = 'strake-',
): Promise<TemporaryDirectory> {
  const path = `${parent}/${temporaryName(prefix)}`
  await fs().mkdir(path, { mode: 0o700 })
  return { path, [Symbol.asyncDispose]: () => removeTree(path) }
}

function parentDirectory(path: string): string {
  const slash = path.replace(/\/+$/, '').lastIndexOf('/')
  if (slash === -1) return '.'
  return slash === 0 ? '/' : path.slice(0, slash)
}
