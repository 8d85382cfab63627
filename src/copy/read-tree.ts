import { explained, travellingAttributes } from '#layer'
import { StrakeError } from '#oci'
import { fileType, SystemError, treeCalls, typeOf } from '#platform'
import { createBreath } from '#stream'
import {
  decodeName,
  defaultTarLimits,
  encodeName,
  type FileEntry,
  printableName,
  type TarEntryType,
} from '#tar'
import { readExactly } from './contents.ts'
import { below } from './paths.ts'
import type { Origin } from './tree.ts'

/** A file of a tree. */
export interface CopyEntry extends FileEntry {
  /** The file with the contents, open until the next entry is requested. */
  readonly open?: number | undefined
}

export interface ReadTreeOptions {
  /** The name of the copy; `.` for the files of a directory alone. */
  readonly name: string
  /** `EntryStatus.identity` of the directory that the copy is made in. */
  readonly into?: string | undefined
  readonly warn: (message: string) => void
  readonly signal?: AbortSignal | undefined
}

/** A directory being walked. */
interface Frame {
  readonly fd: number
  /** Its path in the copy. */
  readonly path: string
  /** Its path in the tree. */
  readonly place: string
  readonly names: readonly Uint8Array[]
  next: number
}

/** One file that was found: an `O_PATH` descriptor, and whether the walk closes it. */
interface Found {
  readonly fd: number
  readonly path: string
  readonly place: string
  readonly status: treeCalls.EntryStatus
}

const [ENAMETOOLONG] = [36]
const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()

/**
 * Yields the file `origin` and everything below it, names in byte order. Sockets are left out.
 *
 * Each name is opened once, without following a link and without an effect on a device or pipe. Its
 * type, its status and its contents come from that descriptor. So a process that exchanges names
 * during the walk cannot lead it out of the tree, and cannot make it open a device.
 */
export async function* readTree(
  origin: Origin,
  options: ReadTreeOptions,
): AsyncGenerator<CopyEntry, void, undefined> {
  using walk = new Walk(origin, options)
  yield* walk.entries()
}

class Walk implements Disposable {
  readonly #origin: Origin
  readonly #options: ReadTreeOptions
  readonly #stack: Frame[] = []
  /** The first path of each file with several names, by identity. */
  readonly #links = new Map<string, string>()
  #open: number | undefined

  constructor(origin: Origin, options: ReadTreeOptions) {
    this.#origin = origin
    this.#options = options
  }

  async *entries(): AsyncGenerator<CopyEntry, void, undefined> {
    const { fd, path: place, status } = this.#origin
    const breath = createBreath(this.#options.signal)
    const first = this.#visit({ fd, path: this.#options.name, place, status })
    if (first !== undefined) yield first
    for (;;) {
      this.#closeFile()
      const frame = this.#stack.at(-1)
      if (frame === undefined) return
      const name = frame.names[frame.next++]
      if (name === undefined) this.#pop()
      else {
        const entry = this.#child(frame, name)
        if (entry !== undefined) yield entry
      }
      const pause = breath()
      if (pause !== undefined) await pause
    }
  }

  [Symbol.dispose](): void {
    this.#closeFile()
    while (this.#stack.length > 0) this.#pop()
  }

  #child(frame: Frame, bytes: Uint8Array): CopyEntry | undefined {
    const name = decodeName(bytes)
    const path = `${frame.path}/${name}`
    const place = below(frame.place, name)
    try {
      if (encodeName(path).length > defaultTarLimits.pathLength) {
        throw new SystemError(ENAMETOOLONG, 'openat')
      }
      const cover = this.#origin.tree.coverAt(place)
      const covered = cover?.type === 'tree' ? cover.fd : undefined
      const fd = covered ?? treeCalls.openPlace(frame.fd, bytes)
      if (fd === undefined) return undefined
      try {
        const status = treeCalls.entryStatus(fd)
        return status && this.#visit({ fd, path, place, status })
      } finally {
        if (covered === undefined) treeCalls.closeDescriptor(fd)
      }
    } catch (error) {
      throw explained(error, `Cannot copy ${printableName(path)}`)
    }
  }

  #visit(found: Found): CopyEntry | undefined {
    const { fd, status } = found
    switch (typeOf(status.mode)) {
      case fileType.directory:
        return this.#directory(found)
      case fileType.regular:
        return this.#file(found)
      case fileType.symlink: {
        const linkpath = decodeName(treeCalls.readSymlink(fd, noName))
        return this.#linkTo(found) ?? { ...entryOf(found, 'symlink'), linkpath }
      }
      case fileType.fifo:
        return this.#linkTo(found) ?? entryOf(found, 'fifo')
      case fileType.block:
        return this.#linkTo(found) ?? entryOf(found, 'block')
      case fileType.character:
        return this.#linkTo(found) ?? entryOf(found, 'character')
      default:
        return undefined
    }
  }

  #directory(found: Found): CopyEntry {
    const { fd: placeFd, path, place, status } = found
    if (status.identity === this.#options.into && this.#stack.length > 0) {
      const reason = 'the copy would be made inside the directory that is copied'
      throw new StrakeError('INVALID', `Cannot copy ${printableName(this.#origin.path)}: ${reason}`)
    }
    const { tree } = this.#origin
    const cover = tree.coverAt(place)
    const isHidden = cover !== undefined && cover.type !== 'tree'
    if (this.#stack.length > 0 && (isHidden || tree.isHollow(place))) {
      return entryOf(found, 'directory')
    }
    const fd = treeCalls.openDirectory(placeFd, dot)
    if (fd === undefined) throw new SystemError(ENOENT, 'openat')
    const names = treeCalls
      .listDirectory(fd)
      .map(({ name }) => name)
      .sort(Buffer.compare)
    this.#stack.push({ fd, path, place, names, next: 0 })
    return { ...entryOf(found, 'directory'), xattrs: travellingAttributes(fd, false) }
  }

  #file(found: Found): CopyEntry {
    const link = this.#linkTo(found)
    if (link !== undefined) return link
    const open = treeCalls.openFound(found.fd)
    this.#open = open
    const { size } = found.status
    const shortened = (): void =>
      this.#options.warn(`${printableName(found.path)} became shorter while it was copied`)
    return {
      ...entryOf(found, 'file'),
      size,
      open,
      xattrs: travellingAttributes(open, false),
      body: readExactly(open, size, shortened),
    }
  }

  /** A hard link to the path of the file that was yielded before; `undefined` for its first path. */
  #linkTo(found: Found): CopyEntry | undefined {
    const { status, path } = found
    if (status.links < 2) return undefined
    const first = this.#links.get(status.identity)
    if (first !== undefined) return { ...entryOf(found, 'hardlink'), linkpath: first }
    this.#links.set(status.identity, path)
    return undefined
  }

  #pop(): void {
    const frame = this.#stack.pop()
    if (frame !== undefined) treeCalls.closeDescriptor(frame.fd)
  }

  #closeFile(): void {
    if (this.#open !== undefined) treeCalls.closeDescriptor(this.#open)
    this.#open = undefined
  }
}

const ENOENT = 2
const noName = new Uint8Array(0)
const dot = encodeName('.')

function entryOf({ path, status }: Found, type: TarEntryType): CopyEntry {
  return {
    path,
    type,
    mode: status.mode & 0o7777,
    uid: status.uid,
    gid: status.gid,
    size: 0,
    mtime: status.mtime,
    mtimeNanoseconds: status.mtimeNanoseconds,
    linkpath: '',
    deviceMajor: status.deviceMajor,
    deviceMinor: status.deviceMinor,
    xattrs: noXattrs,
    body: nothing,
  }
}

const nothing: FileEntry['body'] = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
}
