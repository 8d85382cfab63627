import { StrakeError } from '#oci'
import { isSystemError, SystemError, treeCalls } from '#platform'
import { baseName, decodeName, encodeName, parentPath, whiteoutPrefix } from '#tar'

/** A directory of the tree that a layer is being applied to. */
export interface Place {
  /** For names in this directory; `Places` closes it. */
  readonly fd: number
  /** Its path below the root, without links; `''` is the root. */
  readonly key: string
}

interface Time {
  readonly seconds: number
  readonly nanoseconds: number
}

const mostLinks = 40
const [ENOENT, ELOOP] = [2, 40]

/**
 * Finds and creates the directories of entries. Also records which names this layer brought, and
 * the final time of each directory.
 *
 * The last used directory stays open, because an archive lists the files of a directory together.
 * Only one stays open. The caller must call `forget` after it replaces or removes a name, because
 * the path to the open directory may have led through a link of that name. Records are kept under
 * the path that the kernel resolved, not under the path in the archive.
 */
export class Places implements Disposable {
  readonly #root: number
  readonly #rootPath: string
  readonly #own = new Map<string, Set<string>>()
  readonly #times = new Map<string, Time>()
  #last: { readonly path: string; readonly place: Place } | undefined

  constructor(rootPath: string) {
    this.#root = treeCalls.openRoot(rootPath)
    const path = decodeName(treeCalls.locate(this.#root))
    this.#rootPath = path === '/' ? '' : path
  }

  get root(): number {
    return this.#root
  }

  /**
   * The directory of a clean path. Missing directories are created, with mode 0755, owned by root.
   */
  make(path: string): Place {
    const known = this.#known(path)
    if (known !== undefined) return known
    const fd = treeCalls.resolveDirectory(this.#root, here(path)) ?? this.#makeMissing(path, 0)
    return this.#keep(path, fd)
  }

  /** The directory of a clean path; `undefined` when there is none. */
  find(path: string): Place | undefined {
    const known = this.#known(path)
    if (known !== undefined) return known
    const fd = resolveIfDirectory(this.#root, path)
    return fd === undefined ? undefined : this.#keep(path, fd)
  }

  /** Makes a newly created and opened directory the last used one. Takes over the descriptor. */
  enter(path: string, fd: number): Place {
    return this.#keep(path, fd)
  }

  /** Records that this layer brought `name` in a directory, and the directories above it. */
  claim(key: string, name: string): void {
    let names = this.#own.get(key)
    if (names === undefined) {
      names = new Set()
      this.#own.set(key, names)
      if (key !== '') this.#claimAbove(key)
    }
    names.add(name)
  }

  /** The path of an open directory below the root. */
  keyOf(fd: number): string {
    return this.#placeOf(fd).key
  }

  isOwn(key: string, name: string): boolean {
    return this.#own.get(key)?.has(name) === true
  }

  /** Call it after a name was replaced or removed; closes the last used directory. */
  forget(): void {
    if (this.#last !== undefined) treeCalls.closeDescriptor(this.#last.place.fd)
    this.#last = undefined
  }

  setTime(key: string, time: Time): void {
    this.#times.set(key, time)
  }

  /**
   * Records the current time of a directory before a change in it, unless it already has a recorded
   * one.
   */
  keepTime({ fd, key }: Place): void {
    if (this.#times.has(key)) return
    const status = treeCalls.entryStatus(fd)
    if (status === undefined) return
    this.setTime(key, { seconds: status.mtime, nanoseconds: status.mtimeNanoseconds })
  }

  /** Sets the time of every directory. No entry may be created after it. */
  finish(): void {
    this.forget()
    for (const [key, time] of this.#times) {
      const place = resolveIfDirectory(this.#root, key, 'refuse')
      if (place === undefined) continue
      const fd = treeCalls.openDirectory(place, dot)
      treeCalls.closeDescriptor(place)
      if (fd === undefined) continue
      treeCalls.setTime(fd, time.seconds, time.nanoseconds)
      treeCalls.closeDescriptor(fd)
    }
  }

  [Symbol.dispose](): void {
    this.forget()
    treeCalls.closeDescriptor(this.#root)
  }

  #known(path: string): Place | undefined {
    return this.#last?.path === path ? this.#last.place : undefined
  }

  #keep(path: string, fd: number): Place {
    this.forget()
    const place = closedOnError(fd, () => this.#placeOf(fd))
    this.#last = { path, place }
    this.keepTime(place)
    return place
  }

  #placeOf(fd: number): Place {
    let path: string
    try {
      path = decodeName(treeCalls.locate(fd))
    } catch (error) {
      if (!isSystemError(error, 'ENAMETOOLONG')) throw error
      return { fd, key: climb(fd, this.#root) }
    }
    const above = path.slice(0, this.#rootPath.length)
    const rest = path.slice(this.#rootPath.length)
    if (above === this.#rootPath && (rest === '' || rest.startsWith('/'))) {
      return { fd, key: rest.slice(1) }
    }
    throw movedAway()
  }

  #claimAbove(key: string): void {
    let child = key
    while (child !== '') {
      const parent = parentPath(child)
      const names = this.#own.get(parent)
      this.#own.set(parent, (names ?? new Set()).add(baseName(child)))
      if (names !== undefined) return
      child = parent
    }
  }

  /**
   * Creates the first missing component of `path` and the ones after it; `path` may contain `..` of
   * links.
   */
  #makeMissing(path: string, links: number): number {
    const parent = parentPath(path)
    const parentFd =
      treeCalls.resolveDirectory(this.#root, here(parent)) ?? this.#makeMissing(parent, links)
    const base = baseName(path)
    const name = encodeName(base)
    try {
      if (base === '' || base === '.' || base === '..') {
        const fd = treeCalls.resolveDirectory(this.#root, here(path))
        if (fd === undefined) throw new SystemError(ENOENT, 'openat2')
        return fd
      }
      if (base.startsWith(whiteoutPrefix)) {
        const reason = 'a link leads to a name that is reserved for whiteouts'
        throw new StrakeError('INVALID', `Cannot apply layer: ${reason}`)
      }
      this.keepTime(this.#placeOf(parentFd))
      if (treeCalls.makeDirectory(parentFd, name)) return this.#initialise(parentFd, name)
      // The name exists but does not resolve: it is a dangling link. Create its target.
      const target = decodeName(treeCalls.readSymlink(parentFd, name))
      if (links === mostLinks) throw new SystemError(ELOOP, 'openat2')
      const next = target.startsWith('/') ? target : `${parent}/${target}`
      const trimmed = next.replace(/^\/+|\/+$/g, '')
      return (
        treeCalls.resolveDirectory(this.#root, here(trimmed)) ??
        this.#makeMissing(trimmed, links + 1)
      )
    } finally {
      treeCalls.closeDescriptor(parentFd)
    }
  }

  #initialise(parentFd: number, name: Uint8Array): number {
    const fd = treeCalls.openDirectory(parentFd, name)
    if (fd === undefined) throw new SystemError(ENOENT, 'openat')
    return closedOnError(fd, () => {
      treeCalls.setOwner(fd, 0, 0)
      treeCalls.setMode(fd, 0o755)
      this.setTime(this.#placeOf(fd).key, { seconds: 0, nanoseconds: 0 })
      return fd
    })
  }
}

/**
 * The path of a directory below `root`, found by going up. The kernel cannot return a path that is
 * longer than a page, together with the path of the store.
 */
function climb(start: number, root: number): string {
  const names: string[] = []
  const top = treeCalls.entryStatus(root)?.identity
  using open = new DisposableStack()
  for (let fd = start; ; ) {
    const identity = treeCalls.entryStatus(fd)?.identity
    if (identity === top) return names.reverse().join('/')
    const parent = treeCalls.openDirectory(fd, up)
    if (parent === undefined) throw movedAway()
    open.defer(() => treeCalls.closeDescriptor(parent))
    const isHere = ({ name }: treeCalls.DirectoryName): boolean =>
      treeCalls.entryStatus(parent, name)?.identity === identity
    const found = treeCalls.listDirectory(parent).find(isHere)
    if (found === undefined) throw movedAway()
    names.push(decodeName(found.name))
    fd = parent
  }
}

function movedAway(): StrakeError {
  const reason = 'another process moved its directory away'
  return new StrakeError('CONFLICT', `Cannot apply layer: ${reason}`)
}

/** Returns the result of `use`; closes the descriptor when `use` throws. */
export function closedOnError<T>(fd: number, use: () => T): T {
  try {
    return use()
  } catch (error) {
    treeCalls.closeDescriptor(fd)
    throw error
  }
}

const [dot, up] = [encodeName('.'), encodeName('..')]

function here(path: string): Uint8Array {
  return path === '' ? dot : encodeName(path)
}

function resolveIfDirectory(
  root: number,
  path: string,
  links: 'follow' | 'refuse' = 'follow',
): number | undefined {
  try {
    return treeCalls.resolveDirectory(root, here(path), { links })
  } catch (error) {
    if (isSystemError(error, 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}
