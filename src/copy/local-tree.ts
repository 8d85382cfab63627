import { lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { posix } from 'node:path'
import {
  closeFile,
  fileType,
  isSystemError,
  openFile,
  openFlag,
  treeCalls,
  typeOf,
} from '#platform'
import { printableName } from '#tar'
import { nameOf, noDirectory, noSuchFile, notADirectory, readCopyPath } from './paths.ts'
import type { CopyTree, Directory, Origin, OriginOptions, Target } from './tree.ts'

const mostLinks = 40

/** The files of this machine, by the paths that the user typed. */
export class LocalTree implements CopyTree {
  readonly #descriptors: number[] = []
  readonly #base: string

  /** `base` is the directory where relative paths begin. */
  constructor(base: string) {
    this.#base = base
  }

  origin(text: string, { follow }: OriginOptions): Origin {
    const shown = printableName(text)
    const { path, contentsOnly, mustBeDirectory } = readCopyPath(text, this.#base)
    try {
      const real =
        follow || mustBeDirectory || path === '/'
          ? realpathSync(path)
          : posix.join(realpathSync(posix.dirname(path)), posix.basename(path))
      const fd = this.#open(real, openFlag.path | openFlag.noFollow)
      const status = statusOf(fd)
      if (mustBeDirectory && !isDirectory(status)) throw notADirectory(shown)
      return { tree: this, path: real, fd, status, name: nameOf(path), contentsOnly }
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) throw noSuchFile(shown, error)
      throw error
    }
  }

  target(text: string): Target {
    const shown = printableName(text)
    const { path, mustBeDirectory } = readCopyPath(text, this.#base)
    try {
      return this.#target(path, mustBeDirectory, 0)
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw noDirectory(shown, error)
      throw error
    }
  }

  coverAt(): undefined {
    return undefined
  }

  follow(): undefined {
    return undefined
  }

  isHollow(): boolean {
    return false
  }

  [Symbol.dispose](): void {
    for (const fd of this.#descriptors.splice(0)) closeFile(fd)
  }

  #target(path: string, mustBeDirectory: boolean, links: number): Target {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found?.isSymbolicLink() && links < mostLinks) {
      const next = posix.resolve(realpathSync(posix.dirname(path)), readlinkSync(path))
      return this.#target(next, mustBeDirectory, links + 1)
    }
    if (found?.isDirectory()) return { kind: 'directory', directory: this.#directory(path) }
    const directory = this.#directory(posix.dirname(path))
    const name = posix.basename(path)
    if (found === undefined) return { kind: 'missing', directory, name, mustBeDirectory }
    if (mustBeDirectory) throw notADirectory(`to ${printableName(path)}`)
    return { kind: 'file', directory, name }
  }

  #directory(path: string): Directory {
    const real = realpathSync(path)
    const fd = this.#open(real, openFlag.path | openFlag.directory)
    return { path: real, fd, readOnly: false }
  }

  #open(path: string, flags: number): number {
    const fd = openFile(path, flags | openFlag.closeOnExec)
    this.#descriptors.push(fd)
    return fd
  }
}

function statusOf(fd: number): treeCalls.EntryStatus {
  const status = treeCalls.entryStatus(fd)
  if (status === undefined) throw new TypeError('an open file has no status')
  return status
}

function isDirectory({ mode }: treeCalls.EntryStatus): boolean {
  return typeOf(mode) === fileType.directory
}
