import { isSystemError, treeCalls } from '#platform'
import type { Entry } from './entry.ts'

const { closeDescriptor, entryStatus } = treeCalls
const [typeBits, regular, directoryType] = [0o170000, 0o100000, 0o040000]
const here = Buffer.from('.')

/**
 * Makes entries in a directory by descriptors. Links are made, never followed. The directory may
 * have files of an earlier transfer: those with the same status stay.
 */
export class ReceivedTree implements Disposable {
  readonly #root: number
  readonly #wasEmpty: boolean
  readonly #directories: Entry[] = []
  #last: { readonly path: string; readonly fd: number } | undefined

  /** The caller made the directory, and no other process changes it. */
  constructor(directory: string) {
    this.#root = treeCalls.openRoot(directory)
    this.#wasEmpty = treeCalls.listDirectory(this.#root).length === 0
  }

  /** Makes an entry that is no regular file. */
  make(entry: Entry): void {
    const { name, type, link } = entry
    const dir = this.#open(entry.parent)
    if (type === 'directory') this.#makeDirectory(dir, entry)
    else if (type === 'symlink') {
      const target = Buffer.from(link)
      if (this.#isSymlink(dir, name, target)) return
      this.#remove(dir, name)
      treeCalls.makeSymlink(dir, name, target)
    } else {
      this.#remove(dir, name)
      // Devices and sockets have no contents that an image could have.
      if (type === 'fifo') treeCalls.makeSpecial(dir, name, { type, major: 0, minor: 0 })
    }
  }

  /** True if the file is there with the same status. Otherwise makes room for it. */
  keeps(entry: Entry): boolean {
    const dir = this.#open(entry.parent)
    const status = this.#wasEmpty ? undefined : entryStatus(dir, entry.name)
    if (status === undefined) return false
    const isSame =
      status.mode === regular + entry.permissions &&
      status.size === entry.size &&
      status.mtime === entry.seconds &&
      status.mtimeNanoseconds === entry.nanoseconds
    if (!isSame) this.#remove(dir, entry.name)
    return isSame
  }

  /** Makes an empty file and returns its descriptor, which `finishFile` closes. */
  createFile({ parent, name, path }: Entry): number {
    const fd = treeCalls.createFile(this.#open(parent), name)
    if (fd === undefined) throw new RangeError(`${path} exists already`)
    return fd
  }

  /** The time comes last: a file whose transfer was broken off never looks complete. */
  finishFile(fd: number, { permissions, seconds, nanoseconds }: Entry): void {
    treeCalls.setMode(fd, permissions)
    treeCalls.setTime(fd, seconds, nanoseconds)
    closeDescriptor(fd)
  }

  /** Gives a complete file another name. */
  link({ parent, name, link }: Entry): void {
    const at = link.lastIndexOf('/')
    const from = treeCalls.resolveDirectory(
      this.#root,
      at < 0 ? here : Buffer.from(link.slice(0, at)),
      { links: 'refuse' },
    )
    if (from === undefined) throw new RangeError(`${link} is absent`)
    try {
      const dir = this.#open(parent)
      const target = { dir: from, name: Buffer.from(link.slice(at + 1)) }
      const known = entryStatus(dir, name)?.identity
      if (known !== undefined && known === entryStatus(from, target.name)?.identity) return
      this.#remove(dir, name)
      treeCalls.makeHardlink(dir, name, target)
    } finally {
      closeDescriptor(from)
    }
  }

  /** Removes what was not sent, and gives directories their modes. */
  finish(isSent: (path: string) => boolean): void {
    if (!this.#wasEmpty) {
      this.#keepOnly('', isSent)
      for (const { path } of this.#directories) this.#keepOnly(path, isSent)
    }
    // The deepest come first, because a directory may lose the right to be entered.
    for (const { parent, name, permissions } of this.#directories.toReversed()) {
      const fd = treeCalls.openPlace(this.#open(parent), name)
      if (fd === undefined) continue
      treeCalls.setPlaceMode(fd, permissions)
      closeDescriptor(fd)
    }
  }

  [Symbol.dispose](): void {
    if (this.#last !== undefined) closeDescriptor(this.#last.fd)
    this.#last = undefined
    closeDescriptor(this.#root)
  }

  /** Only the last used directory stays open: entries of one directory come together. */
  #open(path: string): number {
    if (path === '') return this.#root
    if (this.#last?.path === path) return this.#last.fd
    const fd = treeCalls.resolveDirectory(this.#root, Buffer.from(path), { links: 'refuse' })
    if (fd === undefined) throw new RangeError(`${path} is absent`)
    if (this.#last !== undefined) closeDescriptor(this.#last.fd)
    this.#last = { path, fd }
    return fd
  }

  #makeDirectory(dir: number, entry: Entry): void {
    const { name } = entry
    const status = this.#wasEmpty ? undefined : entryStatus(dir, name)
    const isThere = status !== undefined && (status.mode & typeBits) === directoryType
    if (!isThere) {
      this.#remove(dir, name)
      treeCalls.makeDirectory(dir, name)
    } else if ((status.mode & 0o700) !== 0o700) {
      const fd = treeCalls.openPlace(dir, name)
      if (fd !== undefined) {
        treeCalls.setPlaceMode(fd, 0o700)
        closeDescriptor(fd)
      }
    }
    this.#directories.push(entry)
  }

  #isSymlink(dir: number, name: Uint8Array, target: Uint8Array): boolean {
    if (this.#wasEmpty) return false
    try {
      return Buffer.compare(treeCalls.readSymlink(dir, name), target) === 0
    } catch (error) {
      if (isSystemError(error, 'EINVAL', 'ENOENT')) return false
      throw error
    }
  }

  #remove(dir: number, name: Uint8Array): void {
    if (!this.#wasEmpty) treeCalls.removeTree(dir, name)
  }

  #keepOnly(path: string, isSent: (path: string) => boolean): void {
    // The descriptor is one for reading, and has its own position.
    const fd = treeCalls.openDirectory(this.#open(path), here)
    if (fd === undefined) return
    try {
      for (const { name } of treeCalls.listDirectory(fd)) {
        const base = Buffer.from(name).toString()
        if (!isSent(path === '' ? base : `${path}/${base}`)) treeCalls.removeTree(fd, name)
      }
    } finally {
      closeDescriptor(fd)
    }
  }
}
