import { fileType, SystemError, treeCalls, typeOf } from '#platform'
import { createBreath } from '#stream'
import {
  decodeName,
  defaultTarLimits,
  encodeName,
  opaqueName,
  printableName,
  type TarInput,
  whiteoutPrefix,
} from '#tar'
import { travellingAttributes } from './attribute.ts'
import {
  findSameFile,
  isSameDirectory,
  type Opened,
  sameTime,
  statusTime,
  type Time,
} from './compare.ts'
import { contents, smallContents, smallSize } from './contents.ts'
import { entryHeader, headerTime, refuseReserved, whiteoutEntry } from './entry-header.ts'
import { isOpaque, isWhiteoutDevice, refuseRemote } from './overlay.ts'
import { explained } from './refusal.ts'

export interface TreeWalkOptions {
  readonly acls?: boolean
  readonly epoch?: number | undefined
  readonly exclude: ReadonlySet<string>
  readonly stubs: ReadonlySet<string>
  readonly includeRoot?: boolean
  readonly lower?: string | undefined
  readonly overlay: boolean
  readonly normalizeTimes?: boolean
  readonly signal?: AbortSignal | undefined
  readonly subsecond?: boolean
}

/** A directory being walked. */
interface Frame {
  readonly fd: number
  /** The same directory of the parent filesystem, if it exists and is not hidden. */
  readonly lower: number | undefined
  /** Clean path, `''` for the root. */
  readonly path: string
  readonly names: readonly DirectoryName[]
  /** The time of the directory in the layer. */
  readonly time: Time
  next: number
  /** The directory's own entry until it is yielded, which happens only before an entry below it. */
  pending: TarInput | undefined
}

const listedDirectory = 4
const listedFile = 8
const [ENOENT, ENAMETOOLONG] = [2, 36]
type DirectoryName = treeCalls.DirectoryName
type EntryStatus = treeCalls.EntryStatus

/** Walks a tree depth first, names in byte order, and yields the entries of its layer. */
export class TreeWalk implements Disposable {
  readonly #options: TreeWalkOptions
  readonly #acls: boolean
  readonly #stack: Frame[] = []
  /** The first path of each file with several names, by identity. */
  readonly #links = new Map<string, string>()
  /** The file whose contents are being read. */
  #openFile: number | undefined
  /** The contents of a small file; valid until the next entry. */
  readonly #small = new Uint8Array(smallSize)

  constructor(root: string, options: TreeWalkOptions) {
    this.#options = options
    this.#acls = options.acls ?? false
    const fd = treeCalls.openRoot(root)
    const lower = options.lower === undefined ? undefined : treeCalls.openRoot(options.lower)
    const header = { ...entryHeader('./', this.#opened(fd), options), type: 'directory' } as const
    this.#push({ fd, lower, path: '', time: headerTime(header), pending: header })
  }

  /** Entries whose bodies are valid until the next one is requested. */
  async *entries(): AsyncGenerator<TarInput, void, undefined> {
    const breath = createBreath(this.#options.signal)
    const [root] = this.#stack
    if (this.#options.includeRoot === true && root?.pending !== undefined) {
      yield root.pending
      root.pending = undefined
    }
    for (;;) {
      const frame = this.#stack.at(-1)
      if (frame === undefined) return
      const child = frame.names[frame.next++]
      if (child === undefined) {
        this.#settleDirectory(frame)
        this.#pop()
      } else for (const entry of this.#visit(frame, child)) yield entry
      this.#closeFile()
      const pause = breath()
      if (pause !== undefined) await pause
    }
  }

  [Symbol.dispose](): void {
    this.#closeFile()
    while (this.#stack.length > 0) this.#pop()
  }

  /** The entries of one name, preceded by the pending entries of the directories above it. */
  #visit(frame: Frame, child: DirectoryName): readonly TarInput[] {
    const name = decodeName(child.name)
    const path = frame.path === '' ? name : `${frame.path}/${name}`
    if (this.#options.exclude.has(path)) return nothing
    if (name.startsWith(whiteoutPrefix)) refuseReserved(path)
    let own: readonly TarInput[]
    try {
      // Our readers refuse longer paths. The limit also bounds the depth of the walk.
      if (encodeName(path).length > defaultTarLimits.pathLength)
        throw new SystemError(ENAMETOOLONG, 'openat')
      own = this.#entriesOf(frame, child, path)
    } catch (error) {
      throw explained(error, `Cannot pack ${printableName(path)}`)
    }
    if (own.length === 0) return own
    const pending: TarInput[] = []
    for (const above of this.#stack) {
      if (above.pending === undefined || above.path === '' || above.path === path) continue
      pending.push(above.pending)
      above.pending = undefined
    }
    return pending.length === 0 ? own : [...pending, ...own]
  }

  #entriesOf(frame: Frame, child: DirectoryName, path: string): readonly TarInput[] {
    if (child.type === listedDirectory) return this.#directory(frame, child.name, path)
    if (child.type === listedFile) return this.#file(frame, child.name, path)
    const status = treeCalls.entryStatus(frame.fd, child.name)
    if (status === undefined) return nothing
    switch (typeOf(status.mode)) {
      case fileType.directory:
        return this.#directory(frame, child.name, path)
      case fileType.regular:
        return this.#file(frame, child.name, path)
      case fileType.socket:
        return nothing
      default:
        return this.#special(frame, { name: child.name, path, status })
    }
  }

  #directory(frame: Frame, name: Uint8Array, path: string): readonly TarInput[] {
    const fd = treeCalls.openDirectory(frame.fd, name)
    if (fd === undefined) return nothing
    const opened = this.#opened(fd)
    const header = { ...entryHeader(path, opened, this.#options), type: 'directory' } as const
    const { overlay, stubs } = this.#options
    if (overlay) refuseRemote(fd, path)
    const opaque = overlay && isOpaque(fd)
    const lower = frame.lower === undefined ? undefined : treeCalls.openDirectory(frame.lower, name)
    const same = lower !== undefined && isSameDirectory(opened, lower, this.#acls)
    if (opaque && lower !== undefined) treeCalls.closeDescriptor(lower)
    const waits = !opaque && (same || stubs.has(path))
    const pending = waits ? header : undefined
    const time = headerTime(header)
    this.#push({ fd, lower: opaque ? undefined : lower, path, time, pending })
    if (waits) return nothing
    return opaque ? [header, whiteoutEntry(`${path}/${opaqueName}`, this.#options)] : [header]
  }

  #file(frame: Frame, name: Uint8Array, path: string): readonly TarInput[] {
    const fd = treeCalls.openFileAt(frame.fd, name)
    if (fd === undefined) return nothing
    this.#openFile = fd
    const opened = this.#opened(fd)
    const { status } = opened
    if (this.#options.overlay) refuseRemote(fd, path)
    if (status.size === 0 && this.#options.stubs.has(path)) return nothing
    const header = { ...entryHeader(path, opened, this.#options), type: 'file' } as const
    const time = headerTime(header)
    if (status.links === 1 && frame.lower !== undefined) {
      const same = findSameFile(opened, frame.lower, { name, time, acls: this.#acls })
      if (same !== undefined) {
        this.#normalizeTime(opened, statusTime(same))
        return nothing
      }
    }
    this.#normalizeTime(opened, time)
    const link = status.links > 1 ? this.#linkTo(status, path) : undefined
    if (link !== undefined) return [link]
    const { size } = status
    const body = size > smallSize ? contents(fd) : smallContents(fd, size, this.#small)
    return [{ ...header, size, body }]
  }

  #special(
    frame: Frame,
    { name, path, status }: { name: Uint8Array; path: string; status: EntryStatus },
  ): readonly TarInput[] {
    if (isWhiteoutDevice(status)) {
      if (!this.#options.overlay) return nothing
      const above = frame.path === '' ? '' : `${frame.path}/`
      return [whiteoutEntry(`${above}${whiteoutPrefix}${decodeName(name)}`, this.#options)]
    }
    const header = entryHeader(path, { status, xattrs: noXattrs }, this.#options)
    if (this.#options.normalizeTimes === true)
      treeCalls.setTimeAt(frame.fd, name, headerTime(header))
    const link = status.links > 1 ? this.#linkTo(status, path) : undefined
    if (link !== undefined) return [link]
    const { deviceMajor, deviceMinor } = status
    switch (typeOf(status.mode)) {
      case fileType.symlink:
        return [
          {
            ...header,
            type: 'symlink',
            linkpath: decodeName(treeCalls.readSymlink(frame.fd, name)),
          },
        ]
      case fileType.fifo:
        return [{ ...header, type: 'fifo' }]
      case fileType.block:
        return [{ ...header, type: 'block', deviceMajor, deviceMinor }]
      default:
        return [{ ...header, type: 'character', deviceMajor, deviceMinor }]
    }
  }

  /**
   * A hard link to the path of the file that was yielded already; `undefined` for its first path.
   */
  #linkTo(status: EntryStatus, path: string): TarInput | undefined {
    const first = this.#links.get(status.identity)
    if (first === undefined) {
      this.#links.set(status.identity, path)
      return undefined
    }
    return {
      ...entryHeader(path, { status, xattrs: noXattrs }, this.#options),
      type: 'hardlink',
      linkpath: first,
    }
  }

  #normalizeTime({ fd, status }: Opened, time: Time): void {
    if (this.#options.normalizeTimes !== true || sameTime(time, statusTime(status))) return
    treeCalls.setTime(fd, time.seconds, time.nanoseconds)
  }

  /** A directory that the layer leaves out gets the time it has in the parent filesystem. */
  #settleDirectory({ fd, lower, pending, time }: Frame): void {
    if (this.#options.normalizeTimes !== true) return
    const kept =
      pending === undefined || lower === undefined ? undefined : treeCalls.entryStatus(lower)
    this.#normalizeTime(this.#opened(fd), kept === undefined ? time : statusTime(kept))
  }

  #opened(fd: number): Opened {
    const status = treeCalls.entryStatus(fd)
    if (status === undefined) throw new SystemError(ENOENT, 'statx')
    return { fd, status, xattrs: travellingAttributes(fd, this.#acls) }
  }

  #push(frame: Omit<Frame, 'names' | 'next'>): void {
    const { fd } = frame
    const names = treeCalls
      .listDirectory(fd)
      .sort((left, right) => Buffer.compare(left.name, right.name))
    this.#stack.push({ ...frame, names, next: 0 })
  }

  #pop(): void {
    const frame = this.#stack.pop()
    if (frame === undefined) return
    treeCalls.closeDescriptor(frame.fd)
    if (frame.lower !== undefined) treeCalls.closeDescriptor(frame.lower)
  }

  #closeFile(): void {
    if (this.#openFile === undefined) return
    treeCalls.closeDescriptor(this.#openFile)
    this.#openFile = undefined
  }
}

const nothing: readonly TarInput[] = []
const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()
