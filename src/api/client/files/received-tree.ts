import { isSystemError, treeCalls } from '#platform'
import { type EarlierEntry, listEarlier } from './earlier-entries.ts'
import type { Entry } from './entry.ts'

const { closeDescriptor, entryStatus } = treeCalls
const [regular, directoryType, symlinkType] = [0o100000, 0o040000, 0o120000]
const here = Buffer.from('.')
/** The entries of a new directory. */
const none: Map<string, EarlierEntry> = new Map()

/** A directory that the client sent. */
interface ReceivedDirectory {
  readonly entry: Entry
  /** Its permission bits on disk; `undefined` for a new one. */
  readonly permissions: number | undefined
}

/** The directory that is open. */
interface OpenDirectory {
  readonly path: string
  readonly fd: number
  /** What an earlier transfer has left in it, without what this one has named. */
  readonly earlier: Map<string, EarlierEntry>
}

/**
 * Makes entries in a directory by descriptors. Links are made, never followed. The directory may
 * have files of an earlier transfer: those with the same status stay. Each directory is listed once.
 */
export class ReceivedTree implements Disposable {
  readonly #root: number
  readonly #wasEmpty: boolean
  readonly #directories: ReceivedDirectory[] = []
  /** By the path of a directory that was there before. */
  readonly #earlier = new Map<string, Map<string, EarlierEntry>>()
  #last: OpenDirectory | undefined

  /** The caller made the directory, and no other process changes it. */
  constructor(directory: string) {
    this.#root = treeCalls.openRoot(directory)
    const found = listEarlier(this.#root)
    this.#wasEmpty = found.size === 0
    this.#earlier.set('', found)
  }

  /** Makes an entry that is no regular file. */
  make(entry: Entry): void {
    const { type, link } = entry
    const dir = this.#open(entry.parent)
    const known = take(dir, entry)
    const name = Buffer.from(entry.name)
    if (type === 'directory') this.#makeDirectory(dir, entry, known)
    else if (type === 'symlink') {
      const target = Buffer.from(link)
      if (known?.type === symlinkType && isSymlink(dir.fd, name, target)) return
      if (known !== undefined) treeCalls.removeTree(dir.fd, name)
      treeCalls.makeSymlink(dir.fd, name, target)
    } else {
      if (known !== undefined) treeCalls.removeTree(dir.fd, name)
      // Devices and sockets have no contents that an image could have.
      if (type === 'fifo') treeCalls.makeSpecial(dir.fd, name, { type, major: 0, minor: 0 })
    }
  }

  /** True if the file is there with the same status. Otherwise makes room for it. */
  keeps(entry: Entry): boolean {
    if (this.#wasEmpty) return false
    const dir = this.#open(entry.parent)
    const known = take(dir, entry)
    if (known === undefined) return false
    const isSame =
      known.type === regular &&
      known.permissions === entry.permissions &&
      known.size === entry.size &&
      known.mtime === entry.seconds &&
      known.mtimeNanoseconds === entry.nanoseconds
    if (!isSame) treeCalls.removeTree(dir.fd, Buffer.from(entry.name))
    return isSame
  }

  /** Makes an empty file and returns its descriptor, which `finishFile` closes. */
  createFile({ parent, name, path }: Entry): number {
    const fd = treeCalls.createFile(this.#open(parent).fd, Buffer.from(name))
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
  link(entry: Entry): void {
    const { link } = entry
    const at = link.lastIndexOf('/')
    const from = treeCalls.resolveDirectory(
      this.#root,
      at < 0 ? here : Buffer.from(link.slice(0, at)),
      { links: 'refuse' },
    )
    if (from === undefined) throw new RangeError(`${link} is absent`)
    try {
      const dir = this.#open(entry.parent)
      const name = Buffer.from(entry.name)
      const target = { dir: from, name: Buffer.from(link.slice(at + 1)) }
      if (take(dir, entry) !== undefined) {
        const known = entryStatus(dir.fd, name)?.identity
        if (known === entryStatus(from, target.name)?.identity) return
        treeCalls.removeTree(dir.fd, name)
      }
      treeCalls.makeHardlink(dir.fd, name, target)
    } finally {
      closeDescriptor(from)
    }
  }

  /** Removes what was not sent, and gives directories their modes. */
  finish(): void {
    if (!this.#wasEmpty) {
      this.#removeEarlier('')
      for (const { entry } of this.#directories) this.#removeEarlier(entry.path)
    }
    // The deepest come first, because a directory may lose the right to be entered.
    for (const { entry, permissions } of this.#directories.toReversed()) {
      // Setting the same mode again would change the status, by which a build knows unchanged files.
      if (permissions === entry.permissions) continue
      const fd = treeCalls.openPlace(this.#open(entry.parent).fd, Buffer.from(entry.name))
      if (fd === undefined) continue
      treeCalls.setPlaceMode(fd, entry.permissions)
      closeDescriptor(fd)
    }
  }

  [Symbol.dispose](): void {
    this.#close()
    closeDescriptor(this.#root)
  }

  #close(): void {
    const { path = '', fd = this.#root } = this.#last ?? {}
    if (path !== '') closeDescriptor(fd)
    this.#last = undefined
  }

  /** Only the last used directory stays open: entries of one directory come together. */
  #open(path: string): OpenDirectory {
    if (this.#last?.path === path) return this.#last
    const fd =
      path === ''
        ? this.#root
        : treeCalls.resolveDirectory(this.#root, Buffer.from(path), { links: 'refuse' })
    if (fd === undefined) throw new RangeError(`${path} is absent`)
    this.#close()
    const opened = { path, fd, earlier: none }
    this.#last = opened
    opened.earlier = this.#listOnce(path, fd)
    return opened
  }

  #listOnce(path: string, fd: number): Map<string, EarlierEntry> {
    const known = this.#earlier.get(path)
    if (known !== undefined) return known
    const found = this.#wasEmpty ? none : listEarlier(fd)
    this.#earlier.set(path, found)
    return found
  }

  #makeDirectory({ fd }: OpenDirectory, entry: Entry, known: EarlierEntry | undefined): void {
    const name = Buffer.from(entry.name)
    let { permissions } = known ?? {}
    if (known?.type !== directoryType) {
      if (known !== undefined) treeCalls.removeTree(fd, name)
      treeCalls.makeDirectory(fd, name)
      permissions = undefined
      this.#earlier.set(entry.path, none)
    } else if ((known.permissions & 0o700) !== 0o700) {
      const place = treeCalls.openPlace(fd, name)
      if (place !== undefined) {
        treeCalls.setPlaceMode(place, 0o700)
        closeDescriptor(place)
      }
      permissions = 0o700
    }
    this.#directories.push({ entry, permissions })
  }

  #removeEarlier(path: string): void {
    const known = this.#earlier.get(path)
    // A directory that is not listed yet got nothing: all its entries are of an earlier transfer.
    if (known?.size === 0) return
    const { fd, earlier } = this.#open(path)
    for (const name of earlier.keys()) treeCalls.removeTree(fd, Buffer.from(name))
    earlier.clear()
  }
}

/** Returns what an earlier transfer has left under the name of an entry, which is sent now. */
function take({ earlier }: OpenDirectory, { name }: Entry): EarlierEntry | undefined {
  const known = earlier.get(name)
  if (known !== undefined) earlier.delete(name)
  return known
}

function isSymlink(dir: number, name: Uint8Array, target: Uint8Array): boolean {
  try {
    return Buffer.compare(treeCalls.readSymlink(dir, name), target) === 0
  } catch (error) {
    if (isSystemError(error, 'EINVAL', 'ENOENT')) return false
    throw error
  }
}
