import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { posix } from 'node:path'
import { StrakeError } from '#oci'
import { errorCode, openInRoot, openRoot, pathFlags, pathOf } from './in-root.ts'

export interface RootfsOptions {
  /** Where something will be mounted, and what lies there. */
  readonly mountPoints?: readonly {
    readonly destination: string
    readonly kind: 'directory' | 'file'
  }[]
  /** Made when absent, as the working directory of an image is. */
  readonly cwd?: string
}

/** The empty files and directories that were made to mount on. */
export interface MountPoints {
  /**
   * Takes away again what is still as it was made: same inode, empty. For
   * roots whose changes are kept, where mount points are nobody's change.
   */
  remove(): void
}

/** Mounted by the runtime in every container. */
const kernelDirectories = ['dev', 'proc', 'sys'] as const

interface Made {
  readonly path: string
  readonly inode: number
  readonly kind: 'directory' | 'file'
}

/**
 * Makes a root file system ready for the runtime, before any process of the
 * image runs. Every step is taken by descriptor inside `root`: an image that
 * has a link where something gets mounted would otherwise choose the place.
 *
 * Throws `INVALID` when `/dev`, `/proc` or `/sys` is not a directory or the
 * working directory lies in `/proc`.
 */
export function prepareRootfs(root: string, options: RootfsOptions = {}): MountPoints {
  const made: Made[] = []
  const directory = openRoot(root)
  try {
    for (const name of kernelDirectories) {
      checkKernelDirectory(directory, name)
      makeDirectories(directory, name, made)
    }
    const mounted: string[] = []
    for (const { destination, kind } of options.mountPoints ?? []) {
      const path = posix.normalize(`/${destination}`)
      if (!coveredBy(path, mounted)) makeMountPoint(directory, path, kind, made)
      mounted.push(path)
    }
    const cwd = posix.normalize(`/${options.cwd ?? ''}`)
    if (/^\/proc\/./.test(cwd)) throw badWorkingDirectory(cwd)
    if (!coveredBy(cwd, mounted)) makeWorkingDirectory(directory, cwd)
  } finally {
    closeSync(directory)
  }
  return { remove: () => removeMade(root, made) }
}

/** Inside another mount the runtime makes the rest, in what is mounted there. */
function coveredBy(path: string, mounted: readonly string[]): boolean {
  return [...mounted, ...kernelDirectories.map((name) => `/${name}`)].some((mount) =>
    path.startsWith(mount === '/' ? mount : `${mount}/`),
  )
}

function checkKernelDirectory(root: number, name: string): void {
  let fd: number
  try {
    fd = openInRoot(root, name, { flags: pathFlags | constants.O_NOFOLLOW })
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  try {
    if (!fstatSync(fd).isDirectory()) {
      throw new StrakeError(
        'INVALID',
        `Cannot start the container: /${name} of the image is not a directory`,
      )
    }
  } finally {
    closeSync(fd)
  }
}

function makeMountPoint(
  root: number,
  path: string,
  kind: 'directory' | 'file',
  made: Made[],
): void {
  if (path === '/') {
    throw new StrakeError('INVALID', 'Cannot mount at /: it is the root of the container')
  }
  makeDirectories(root, kind === 'directory' ? path : posix.dirname(path), made)
  if (kind === 'directory') return
  const parent = openInRoot(root, posix.dirname(path), { flags: directoryFlags })
  try {
    const file = `/proc/self/fd/${parent}/${posix.basename(path)}`
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const fd = openSync(file, flags, 0o644)
    made.push({ path: pathInRoot(root, fd), inode: fstatSync(fd).ino, kind: 'file' })
    closeSync(fd)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  } finally {
    closeSync(parent)
  }
}

function makeWorkingDirectory(root: number, path: string): void {
  makeDirectories(root, path, [])
  const fd = openInRoot(root, path, { flags: directoryFlags })
  try {
    // `/proc/self/fd/7` once led out of the container through a descriptor of the runtime.
    if (/^\/proc\/./.test(pathInRoot(root, fd))) throw badWorkingDirectory(path)
  } finally {
    closeSync(fd)
  }
}

function badWorkingDirectory(path: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use working directory ${path}: it lies in /proc`)
}

const directoryFlags = pathFlags | constants.O_DIRECTORY

/** Follows links of the image inside the root; makes what is missing, one name at a time. */
function makeDirectories(root: number, path: string, made: Made[]): void {
  let reached = ''
  for (const name of path.split('/').filter((part) => part !== '')) {
    const next = `${reached}/${name}`
    if (!isDirectory(root, next)) makeDirectory(root, { parent: reached, name, made })
    reached = next
  }
}

function isDirectory(root: number, path: string): boolean {
  try {
    closeSync(openInRoot(root, path, { flags: directoryFlags }))
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    if (errorCode(error) !== 'ENOTDIR') throw error
    throw new StrakeError('INVALID', `Cannot use ${path} of the image: it is not a directory`, {
      cause: error,
    })
  }
}

function makeDirectory(
  root: number,
  { parent, name, made }: { parent: string; name: string; made: Made[] },
): void {
  const fd = openInRoot(root, parent, { flags: directoryFlags })
  try {
    mkdirSync(`/proc/self/fd/${fd}/${name}`, { mode: 0o755 })
    const child = openInRoot(fd, name, { flags: directoryFlags, noSymlinks: true })
    made.push({ path: pathInRoot(root, child), inode: fstatSync(child).ino, kind: 'directory' })
    closeSync(child)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    if (isDirectory(root, `${parent}/${name}`)) return
    // A dangling link has the name: a mount cannot be put there without following it.
    throw new StrakeError(
      'INVALID',
      `Cannot use ${parent}/${name} of the image: it is a link to nothing`,
      { cause: error },
    )
  } finally {
    closeSync(fd)
  }
}

function pathInRoot(root: number, fd: number): string {
  const base = pathOf(root)
  return pathOf(fd).slice(base === '/' ? 0 : base.length) || '/'
}

function removeMade(root: string, made: readonly Made[]): void {
  const directory = openRoot(root)
  try {
    for (const one of [...made].reverse()) removeOne(directory, one)
  } finally {
    closeSync(directory)
  }
}

/** By parent and name, so that a link put there meanwhile is not followed. */
function removeOne(root: number, { path, inode, kind }: Made): void {
  try {
    const parent = openInRoot(root, posix.dirname(path), {
      flags: directoryFlags,
      noSymlinks: true,
    })
    try {
      const name = posix.basename(path)
      const fd = openInRoot(parent, name, { flags: pathFlags | constants.O_NOFOLLOW })
      const stats = fstatSync(fd)
      closeSync(fd)
      if (stats.ino !== inode) return
      if (kind === 'directory') rmdirSync(`/proc/self/fd/${parent}/${name}`)
      else if (stats.isFile() && stats.size === 0) unlinkSync(`/proc/self/fd/${parent}/${name}`)
    } finally {
      closeSync(parent)
    }
  } catch {
    // Gone, moved or filled by the program: then it is the program's, and stays.
  }
}
