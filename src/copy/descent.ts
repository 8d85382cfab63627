import { StrakeError } from '#oci'
import { fileType, treeCalls, typeOf } from '#platform'
import { baseName, encodeName, parentPath, printableName } from '#tar'
import { below, isWithin } from './paths.ts'
import type { Directory, TreeRules } from './tree.ts'

/** An open directory on the way from the base to a file. */
interface Level extends Directory {
  /** Its path as the archive spells it, clean. */
  readonly key: string
}

export interface DescentOptions {
  readonly tree: TreeRules
  /** The directory that the copy is made in. The caller closes it. */
  readonly base: Directory
  /** Whether the copy has made the link with this identity. */
  readonly isOwnLink: (identity: string) => boolean
  /** Called when a missing directory was created. */
  readonly made: (directory: Directory) => void
}

/**
 * The directories of a copy, by the paths of its entries. The last used one stays open with those
 * above it, because the files of a directory come together.
 *
 * Each name is opened in its open directory without following a link. A link that was there before
 * the copy is followed inside the tree, as archives of single files need it (`/lib` is often a
 * link). A link of the copy itself may lead only to places below the base.
 */
export class Descent implements Disposable {
  readonly #options: DescentOptions
  readonly #levels: Level[] = []

  constructor(options: DescentOptions) {
    this.#options = options
  }

  /** Opens the directory of a clean path. It stays open until the next call. */
  open(key: string, missing: 'make'): Directory
  open(key: string, missing: 'make' | 'absent'): Directory | undefined
  open(key: string, missing: 'make' | 'absent'): Directory | undefined {
    this.#leave(key)
    const names = key.split('/')
    let path = ''
    for (const name of key === '' ? [] : names) {
      path = path === '' ? name : `${path}/${name}`
      if (path.length <= this.#top().key.length) continue
      const level = this.#step(this.#top(), { key: path, name }, missing)
      if (level === undefined) return undefined
      this.#levels.push(level)
    }
    return this.#top()
  }

  /** Closes the directories whose path leads through `key`, because the name was replaced. */
  forget(key: string): void {
    this.#leave(parentPath(key))
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#levels.splice(0)) treeCalls.closeDescriptor(fd)
  }

  #top(): Level {
    return this.#levels.at(-1) ?? { ...this.#options.base, key: '' }
  }

  /** Closes the levels that are not on the way to `key`. */
  #leave(key: string): void {
    for (;;) {
      const level = this.#levels.at(-1)
      if (level === undefined || level.key === key || key.startsWith(`${level.key}/`)) return
      this.#levels.pop()
      treeCalls.closeDescriptor(level.fd)
    }
  }

  #step(
    parent: Level,
    { key, name }: { readonly key: string; readonly name: string },
    missing: 'make' | 'absent',
  ): Level | undefined {
    const path = below(parent.path, name)
    const { tree } = this.#options
    const cover = tree.coverAt(path)
    if (cover !== undefined) {
      if (cover.type !== 'tree') throw hidden(path)
      const fd = treeCalls.openDirectory(cover.fd, dot)
      if (fd === undefined) throw inTheWay(path)
      return { key, fd, path, readOnly: cover.readOnly === true }
    }
    const bytes = encodeName(name)
    const fd = treeCalls.openDirectory(parent.fd, bytes)
    if (fd !== undefined) return { key, fd, path, readOnly: parent.readOnly }
    const found = treeCalls.entryStatus(parent.fd, bytes)
    if (found !== undefined) return this.#follow(path, key, found)
    if (missing === 'absent') return undefined
    return this.#make(parent, { key, path, name: bytes })
  }

  #follow(path: string, key: string, status: treeCalls.EntryStatus): Level {
    if (typeOf(status.mode) !== fileType.symlink) throw inTheWay(path)
    const { tree, base, isOwnLink } = this.#options
    const place = tree.follow(path)
    if (place === undefined) throw inTheWay(path)
    if (isOwnLink(status.identity) && !isWithin(place.path, base.path)) {
      treeCalls.closeDescriptor(place.fd)
      const reason = 'a link of the archive leads out of the directory that it is copied to'
      throw new StrakeError('INVALID', `Cannot copy to ${printableName(path)}: ${reason}`)
    }
    return { ...place, key }
  }

  #make(
    parent: Level,
    { key, path, name }: { readonly key: string; readonly path: string; readonly name: Uint8Array },
  ): Level {
    refuseReadOnly(parent)
    treeCalls.makeDirectory(parent.fd, name)
    const fd = treeCalls.openDirectory(parent.fd, name)
    if (fd === undefined) throw inTheWay(path)
    const level = { key, fd, path, readOnly: parent.readOnly }
    this.#options.made(level)
    return level
  }
}

const dot = encodeName('.')

export function refuseReadOnly({ path, readOnly }: Directory): void {
  if (!readOnly) return
  const reason = 'it is read-only in the container'
  throw new StrakeError('INVALID', `Cannot copy to ${printableName(path)}: ${reason}`)
}

function inTheWay(path: string): StrakeError {
  const name = printableName(baseName(path))
  return new StrakeError(
    'INVALID',
    `Cannot copy to ${printableName(path)}: ${name} is not a directory`,
  )
}

function hidden(path: string): StrakeError {
  const reason = 'what is mounted there exists only while the container runs'
  return new StrakeError('INVALID', `Cannot copy to ${printableName(path)}: ${reason}`, {
    remedy: 'start the container first',
  })
}
