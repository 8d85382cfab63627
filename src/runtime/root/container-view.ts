import { StrakeError } from '#oci'
import { fileType, treeCalls, typeOf } from '#platform'
import { type Cover, runtimeCovers } from './cover.ts'

/** The file at a path of a container. */
export interface Place {
  /** Absolute, without links and dots. */
  readonly path: string
  /**
   * An `O_PATH` descriptor, open until the view is disposed. Absent for a file that the runtime
   * will create and for a missing file of a mount.
   */
  readonly fd?: number
  readonly status?: treeCalls.EntryStatus
  /** The mount at or above the place; absent for the root file system. */
  readonly cover?: Cover | undefined
}

/** A mount point that was created in the root file system. */
export interface MadeEntry {
  readonly path: string
  /** `EntryStatus.identity`. */
  readonly identity: string
  readonly kind: PlaceKind
}

export type PlaceKind = 'directory' | 'file'

/** The kernel follows at most this many links for one path. */
const mostLinks = 40

/** The bytes that a name of a file has at most on Linux. */
const longestName = 255

/**
 * The files of a container as its processes will see them, with mounts.
 *
 * A path is walked one name at a time. Each name is opened in an open directory without following a
 * link; the target of a link is walked in the same way, with the container's root as `/`. So
 * neither a link of an image nor a process that exchanges directories can lead to other files of
 * this machine.
 */
export class ContainerView implements Disposable {
  /** The files and directories that `make` has created, parents first. */
  readonly made: MadeEntry[] = []
  readonly #root: Place
  readonly #covers: Map<string, Cover>
  /** Directories on the way to files, by path without links: each is opened once. */
  readonly #directories = new Map<string, Place>()
  readonly #descriptors: number[] = []

  private constructor(rootPath: string, covers: Map<string, Cover>) {
    const fd = this.keep(treeCalls.openRoot(rootPath))
    this.#root = { path: '/', fd, ...statusOf(fd) }
    this.#covers = covers
  }

  /** A directory without mounts. */
  static ofDirectory(rootPath: string): ContainerView {
    return new ContainerView(rootPath, new Map())
  }

  /** A root in which the runtime has mounted nothing yet. */
  static ofRoot(rootPath: string): ContainerView {
    return new ContainerView(rootPath, runtimeCovers())
  }

  /** The root of a running process, with its mounts. Files in `/proc` are never opened. */
  static ofProcess(pid: number): ContainerView {
    return new ContainerView(`/proc/${pid}/root`, new Map([['/proc', { type: 'kernel' }]]))
  }

  /** Covers `path`, a result of a walk, with a mount, which hides the files below it. */
  cover(path: string, cover: Cover): void {
    for (const below of this.#covers.keys()) {
      if (below === path || below.startsWith(`${path}/`)) this.#covers.delete(below)
    }
    this.#covers.set(path, cover)
    this.#directories.clear()
  }

  /** The mount at `path`, a result of a walk. The kernel does not show it to this process. */
  coverAt(path: string): Cover | undefined {
    return this.#covers.get(path)
  }

  /** Takes over a descriptor, which is closed with the view. */
  keep(fd: number): number {
    this.#descriptors.push(fd)
    return fd
  }

  /** Finds the file at `path`; `undefined` when it is absent. Throws `INVALID` for a path through a file. */
  find(path: string): Place | undefined {
    return this.#walk(path, undefined)
  }

  /**
   * Finds the file at `path`, or creates it in the root file system, whatever the umask. It has
   * `mode`, and missing directories above it have mode 0755.
   */
  make(path: string, kind: PlaceKind, mode: number = kind === 'file' ? 0o644 : 0o755): Place {
    const place = this.#walk(path, { kind, mode })
    if (place === undefined) throw new TypeError(`no place for ${path}`)
    return place
  }

  /** Takes over another view, which is disposed with this one. */
  keepView(other: ContainerView): void {
    this.#descriptors.push(...other.#descriptors.splice(0))
  }

  /** Calls `work`, and closes every descriptor that its walks have opened. Covers must not change in it. */
  briefly<T>(work: () => T): T {
    const kept = this.#descriptors.length
    try {
      return work()
    } finally {
      this.#directories.clear()
      for (const fd of this.#descriptors.splice(kept)) treeCalls.closeDescriptor(fd)
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#descriptors.splice(0)) treeCalls.closeDescriptor(fd)
  }

  #walk(path: string, missing: Missing | undefined): Place | undefined {
    const reached: Place[] = [this.#root]
    const names = namesOf(path).reverse()
    for (let links = 0; ; ) {
      const name = names.pop()
      const parent = reached.at(-1) ?? this.#root
      if (name === undefined) return parent
      if (name === '..') {
        if (reached.length > 1) reached.pop()
        continue
      }
      const step = this.#step(parent, name, names.length === 0 ? missing : missing && parentOf)
      if (step === undefined) return undefined
      if ('path' in step) {
        if (names.length > 0 && isDirectory(step)) this.#directories.set(step.path, step)
        reached.push(step)
        continue
      }
      links += 1
      if (links > mostLinks) throw unusable(path, 'it leads through too many links')
      if (step.link.startsWith('/')) reached.length = 1
      names.push(...namesOf(step.link).reverse())
    }
  }

  #step(
    parent: Place,
    name: string,
    missing: Missing | undefined,
  ): Place | { readonly link: string } | undefined {
    const path = parent.path === '/' ? `/${name}` : `${parent.path}/${name}`
    const cover = this.#covers.get(path)
    if (cover !== undefined) return covered(path, cover)
    if (parent.fd === undefined) return parent.cover && unseen(path, parent.cover, missing)
    if (!isDirectory(parent)) throw unusable(parent.path, 'it is not a directory')
    const known = this.#directories.get(path)
    if (known !== undefined) return known
    const bytes = Buffer.from(name)
    if (bytes.length > longestName) throw unusable(parent.path, 'a name in it is too long')
    const fd = treeCalls.openPlace(parent.fd, bytes)
    if (fd === undefined) {
      if (missing === undefined) return undefined
      if (parent.cover !== undefined) return { path, cover: parent.cover }
      return this.#makeEntry({ path, dir: parent.fd, name: bytes }, missing)
    }
    this.keep(fd)
    const place = { path, fd, ...statusOf(fd), cover: parent.cover }
    if (typeOfPlace(place) !== fileType.symlink) return place
    return { link: Buffer.from(treeCalls.readSymlink(fd, noName)).toString() }
  }

  #makeEntry({ path, dir, name }: NewEntry, { kind, mode }: Missing): Place {
    const fd = kind === 'file' ? treeCalls.createFile(dir, name) : makeDirectory(dir, name)
    if (fd === undefined) throw unusable(path, 'another process is changing it')
    this.keep(fd)
    treeCalls.setMode(fd, mode)
    const { status } = statusOf(fd)
    this.made.push({ path, identity: status.identity, kind })
    return { path, fd, status }
  }
}

interface Missing {
  readonly kind: PlaceKind
  readonly mode: number
}

const parentOf: Missing = { kind: 'directory', mode: 0o755 }

interface NewEntry extends treeCalls.EntryName {
  readonly path: string
}

function makeDirectory(dir: number, name: Uint8Array): number | undefined {
  return treeCalls.makeDirectory(dir, name) ? treeCalls.openDirectory(dir, name) : undefined
}

function covered(path: string, cover: Cover): Place | { readonly link: string } {
  switch (cover.type) {
    case 'link':
      return { link: cover.target }
    case 'tree':
      return { path, fd: cover.fd, ...statusOf(cover.fd), cover }
    case 'memory':
    case 'kernel':
      return { path, cover }
  }
}

/** A name in a mount that does not exist yet. In a file system of the kernel any name may exist. */
function unseen(path: string, cover: Cover, missing: Missing | undefined): Place | undefined {
  return cover.type === 'kernel' || missing !== undefined ? { path, cover } : undefined
}

function typeOfPlace({ status }: Pick<Place, 'status'>): number {
  return typeOf(status?.mode ?? 0)
}

export function isDirectory(place: Pick<Place, 'status'>): boolean {
  return typeOfPlace(place) === fileType.directory
}

export function isRegularFile(place: Pick<Place, 'status'>): boolean {
  return typeOfPlace(place) === fileType.regular
}

const noName = new Uint8Array(0)

function statusOf(fd: number): { readonly status: treeCalls.EntryStatus } {
  const status = treeCalls.entryStatus(fd)
  if (status === undefined) throw new TypeError('an open file has no status')
  return { status }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

function unusable(path: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use ${path} of the container: ${reason}`)
}
