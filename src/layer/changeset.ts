import { StrakeError } from '#oci'
import { fileType, treeCalls, typeOf } from '#platform'
import {
  baseName,
  cleanPath,
  decodeName,
  encodeName,
  isOverlayWhiteout,
  parentPath,
  parseWhiteout,
  printableName,
  type TarEntry,
  travellingTime,
} from '#tar'
import { removeAttributes } from './attribute.ts'
import {
  type ExtractOptions,
  extractFile,
  extractSpecial,
  extractSymlink,
  setLinkMetadata,
  setMetadata,
} from './extract.ts'
import { closedOnError, type Place, Places } from './place.ts'

/** Applies one layer to one tree. Call `finish` after the last entry. */
export class Changeset implements Disposable {
  readonly #places: Places
  readonly #options: ExtractOptions
  /** Identities of files of lower layers that this layer gave another name. */
  readonly #lowerFiles = new Set<string>()

  constructor(root: string, options: ExtractOptions) {
    this.#places = new Places(root)
    this.#options = options
  }

  async apply(entry: TarEntry): Promise<void> {
    const path = cleanPath(entry.path)
    if (path === undefined) return refuse(entry, 'its path leaves the root')
    const whiteout = parseWhiteout(path)
    if (whiteout === 'invalid') return refuse(entry, 'its name is reserved for whiteouts')
    if (whiteout?.kind === 'ignored') return
    if (path === '') return this.#applyRoot(entry)
    const parent = parentPath(path)
    if (whiteout !== undefined) {
      if (entry.type !== 'file') refuse(entry, `it is a whiteout, yet a ${entry.type}`)
      return this.#removeLower(parent, whiteout.kind === 'name' ? whiteout.name : undefined)
    }
    if (isOverlayWhiteout(entry)) return this.#removeLower(parent, baseName(path))
    const place = this.#places.make(parent)
    const name = baseName(path)
    const { key } = place
    if (entry.type === 'directory') this.#makeDirectory(entry, place, path)
    else await this.#replace(entry, place, encodeName(name))
    this.#places.claim(key, name)
  }

  /** Sets the times of directories. No entry may be applied after it. */
  finish(): void {
    this.#places.finish()
  }

  [Symbol.dispose](): void {
    this.#places[Symbol.dispose]()
  }

  #applyRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') refuse(entry, 'the root can only be a directory')
    const { key } = this.#places.make('')
    removeAttributes(this.#places.root, entry.xattrs, this.#options.acls)
    setMetadata(this.#places.root, entry, this.#options)
    this.#places.setTime(key, travellingTime(entry, this.#options.warn))
  }

  /** A directory that exists keeps its entries; its attributes become those of the entry. */
  #makeDirectory(entry: TarEntry, place: Place, path: string): void {
    const name = encodeName(baseName(path))
    const found = !treeCalls.makeDirectory(place.fd, name)
    let fd = treeCalls.openDirectory(place.fd, name)
    const replaced = found && fd === undefined
    if (replaced) {
      treeCalls.removeTree(place.fd, name)
      treeCalls.makeDirectory(place.fd, name)
      fd = treeCalls.openDirectory(place.fd, name)
    }
    if (fd === undefined) refuse(entry, 'another process replaced it at the same time')
    closedOnError(fd, () => {
      if (found && !replaced) removeAttributes(fd, entry.xattrs, this.#options.acls)
      setMetadata(fd, entry, this.#options)
    })
    const { key } = this.#places.enter(path, fd)
    this.#places.setTime(key, travellingTime(entry, this.#options.warn))
    if (replaced) this.#places.forget()
  }

  /**
   * Creates anything but a directory. An existing file of that name is unlinked first, never
   * written to.
   */
  async #replace(entry: TarEntry, place: Place, name: Uint8Array): Promise<void> {
    if (await this.#make(entry, place, name)) return
    treeCalls.removeTree(place.fd, name)
    if (!(await this.#make(entry, place, name))) {
      refuse(entry, 'another process created it at the same time')
    }
    this.#places.forget()
  }

  async #make(entry: TarEntry, place: Place, name: Uint8Array): Promise<boolean> {
    const options = { ...this.#options, name }
    switch (entry.type) {
      case 'file':
        return extractFile(entry, place, options)
      case 'symlink':
        return extractSymlink(entry, place, options)
      case 'hardlink':
        return this.#link(entry, place, name)
      default:
        return extractSpecial(entry, place, options)
    }
  }

  /**
   * Resolves the directories of the target within the root, but does not follow the target itself:
   * a hard link to a symbolic link is another name of that link. A file of this layer gets the
   * metadata of the link's entry, as in Docker. A file of a lower layer keeps its metadata, because
   * it may have other names.
   */
  #link(entry: TarEntry, place: Place, name: Uint8Array): boolean {
    const target = cleanPath(entry.linkpath)
    if (target === undefined || target === '') return refuse(entry, 'its target leaves the root')
    const missing = `its target ${printableName(entry.linkpath)} does not exist`
    const dir = treeCalls.resolveDirectory(this.#places.root, encodeName(parentPath(target) || '.'))
    if (dir === undefined) return refuse(entry, missing)
    try {
      const targetName = encodeName(baseName(target))
      const found = treeCalls.entryStatus(dir, targetName)
      if (found === undefined) return refuse(entry, missing)
      if (typeOf(found.mode) === fileType.directory)
        return refuse(entry, 'its target is a directory')
      // It is the same file already: removing the name first would remove the file.
      const isSame = treeCalls.entryStatus(place.fd, name)?.identity === found.identity
      const isOwn = this.#isOwnFile(dir, baseName(target), found.identity)
      if (!isSame && !treeCalls.makeHardlink(place.fd, name, { dir, name: targetName }))
        return false
      if (isOwn) setLinkMetadata(entry, place, { ...this.#options, name })
      else this.#noteLower(place.fd, name, found.identity)
      return true
    } finally {
      treeCalls.closeDescriptor(dir)
    }
  }

  #isOwnFile(dir: number, name: string, identity: string): boolean {
    return this.#places.isOwn(this.#places.keyOf(dir), name) && !this.#lowerFiles.has(identity)
  }

  /** Overlayfs may give a file of a lower layer a new identity when it gets a new name. */
  #noteLower(dir: number, name: Uint8Array, identity: string): void {
    this.#lowerFiles.add(identity)
    const now = treeCalls.entryStatus(dir, name)?.identity
    if (now !== undefined) this.#lowerFiles.add(now)
  }

  /** Removes `name`, or every name, of the parent filesystem from a directory. */
  #removeLower(directory: string, name: string | undefined): void {
    const place = this.#places.find(directory)
    if (place === undefined) return
    if (name === undefined) this.#clear(place.fd, place.key)
    else if (this.#places.isOwn(place.key, name)) this.#clearChild(place.fd, place.key, name)
    else treeCalls.removeTree(place.fd, encodeName(name))
    this.#places.forget()
  }

  /** Removes what this layer did not bring from a directory and from its kept subdirectories. */
  #clear(dir: number, key: string): void {
    const fd = treeCalls.openDirectory(dir, dot)
    if (fd === undefined) return
    try {
      this.#places.keepTime({ fd, key })
      for (const child of treeCalls.listDirectory(fd)) {
        const name = decodeName(child.name)
        if (this.#places.isOwn(key, name)) this.#clearChild(fd, key, name)
        else treeCalls.removeTree(fd, child.name)
      }
    } finally {
      treeCalls.closeDescriptor(fd)
    }
  }

  #clearChild(dir: number, key: string, name: string): void {
    const fd = treeCalls.openDirectory(dir, encodeName(name))
    if (fd === undefined) return
    try {
      this.#clear(fd, key === '' ? name : `${key}/${name}`)
    } finally {
      treeCalls.closeDescriptor(fd)
    }
  }
}

const dot = encodeName('.')

function refuse(entry: TarEntry, reason: string): never {
  const where = `${printableName(entry.path)} at offset ${entry.headerOffset}`
  throw new StrakeError('INVALID', `Cannot apply tar entry ${where}: ${reason}`)
}
