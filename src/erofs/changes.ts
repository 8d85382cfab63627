import {
  baseName,
  cleanPath,
  isOverlayWhiteout,
  type PlacedEntry,
  parentPath,
  parseWhiteout,
  printableName,
} from '#tar'
import { describeDirectory, describeLink, inodeOf, type MetadataOptions } from './entry-metadata.ts'
import { refusal } from './refusal.ts'
import {
  childDirectory,
  fault,
  LayerFault,
  makeDirectories,
  nameLength,
  resolveDirectory,
} from './resolve.ts'
import { Directory, type Inode, type Tree } from './tree.ts'

export interface ChangesOptions extends MetadataOptions {
  /** The device that holds the archive, as an index into the tree's. */
  readonly device: number
}

/**
 * Applies one layer to one tree, entry by entry, with the effect that an unpacker
 * has on a mounted tree. Throws `LayerFault` or `INVALID` for an entry that it
 * cannot apply; the caller must then discard the tree.
 */
export class Changes implements Disposable {
  readonly #tree: Tree
  readonly #options: ChangesOptions
  readonly #layer: number
  /** Directories in which this layer gave new names to files of lower layers. */
  readonly #linkers: Directory[] = []
  /** The directory used last, because archives list the files of a directory in a row. */
  #last: { readonly path: string; readonly directory: Directory } | undefined

  constructor(tree: Tree, options: ChangesOptions) {
    this.#tree = tree
    this.#options = options
    this.#layer = ++tree.layers
  }

  /**
   * Applies one entry and returns the file it made. The caller sets the position of its contents.
   */
  apply(entry: PlacedEntry): Inode | undefined {
    const path = cleanPath(entry.path)
    if (path === undefined) return refuse(entry, 'its path leaves the root')
    const whiteout = parseWhiteout(path)
    if (whiteout === 'invalid') return refuse(entry, 'its name is reserved for whiteouts')
    if (whiteout?.kind === 'ignored') return undefined
    if (path === '') return this.#applyRoot(entry)
    const above = parentPath(path)
    if (whiteout !== undefined) {
      if (entry.type !== 'file') refuse(entry, `it is a whiteout, yet a ${entry.type}`)
      this.#removeLower(above, whiteout.kind === 'name' ? whiteout.name : undefined)
      return undefined
    }
    const name = baseName(path)
    if (isOverlayWhiteout(entry)) {
      this.#removeLower(above, name)
      return undefined
    }
    const directory = this.#make(above)
    this.#claim(directory)
    if (entry.type === 'directory') this.#makeDirectory(entry, directory, { name, path })
    else if (entry.type === 'hardlink') this.#link(entry, directory, name)
    else return this.#makeInode(entry, directory, name)
    return undefined
  }

  /** Ends the layer: no name counts as this layer's own any more. */
  [Symbol.dispose](): void {
    for (const directory of this.#linkers) directory.linked = undefined
  }

  #applyRoot(entry: PlacedEntry): undefined {
    if (entry.type !== 'directory') refuse(entry, 'the root can only be a directory')
    describeDirectory(entry, this.#tree.root, this.#options)
  }

  /** An existing directory keeps its entries and gets the attributes of this one. */
  #makeDirectory(
    entry: PlacedEntry,
    parent: Directory,
    { name, path }: { readonly name: string; readonly path: string },
  ): void {
    const found = parent.children.get(name)
    let directory: Directory
    if (found instanceof Directory) directory = found
    else {
      directory = childDirectory(parent, name)
      parent.children.set(name, directory)
    }
    directory.layer = this.#layer
    describeDirectory(entry, directory, this.#options)
    this.#last = found === undefined || found === directory ? { path, directory } : undefined
  }

  /** Adds anything but directories and hard links. It replaces an existing name and never writes through it. */
  #makeInode(entry: PlacedEntry, directory: Directory, name: string): Inode | undefined {
    nameLength(name)
    const inode = inodeOf(entry, this.#options)
    inode.layer = this.#layer
    this.#replace(directory, name, inode)
    return entry.type === 'file' ? inode : undefined
  }

  #replace(directory: Directory, name: string, inode: Inode): void {
    if (directory.children.has(name)) this.#last = undefined
    directory.children.set(name, inode)
  }

  /**
   * Adds another name of a file. Follows links in the directories of the target, but not a link at
   * the target itself. A file of this layer gets the metadata of the entry; a symbolic link gets
   * only its owner. A file of a lower layer keeps its metadata.
   */
  #link(entry: PlacedEntry, directory: Directory, name: string): void {
    nameLength(name)
    const target = this.#linkTarget(entry)
    if (directory.children.get(name) !== target) {
      if (directory.children.delete(name)) this.#last = undefined
      // Replacing the name may have removed the directory that held the target.
      directory.children.set(name, this.#linkTarget(entry))
    }
    if (target.layer !== this.#layer) this.#noteLink(directory, name)
    else describeLink(entry, target, this.#options)
  }

  #noteLink(directory: Directory, name: string): void {
    if (directory.linked === undefined) {
      directory.linked = new Set()
      this.#linkers.push(directory)
    }
    directory.linked.add(name)
  }

  #linkTarget(entry: PlacedEntry): Inode {
    const target = cleanPath(entry.linkpath)
    if (target === undefined || target === '') return refuse(entry, 'its target leaves the root')
    const found = resolveDirectory(this.#tree.root, parentPath(target))?.children.get(
      baseName(target),
    )
    if (found === undefined) {
      return refuse(entry, `its target ${printableName(entry.linkpath)} does not exist`)
    }
    return found instanceof Directory ? refuse(entry, 'its target is a directory') : found
  }

  #make(path: string): Directory {
    if (this.#last?.path === path) return this.#last.directory
    const directory = makeDirectories(this.#tree.root, path)
    this.#last = { path, directory }
    return directory
  }

  /** Records that this layer owns something in `directory`, and so every directory above it. */
  #claim(directory: Directory): void {
    for (let at = directory; at.layer !== this.#layer; at = at.parent) at.layer = this.#layer
  }

  /** Whether this layer brought the name; its whiteouts do not remove such a name. */
  #isOwn(directory: Directory, name: string): boolean {
    if (directory.children.get(name)?.layer === this.#layer) return true
    return directory.linked?.has(name) === true
  }

  /** Removes from a directory what lower layers brought: the entry `name`, or everything. */
  #removeLower(path: string, name: string | undefined): void {
    const directory = this.#find(path)
    if (directory === undefined) return
    if (name === undefined) this.#clear(directory)
    else if (this.#isOwn(directory, name)) this.#clearChild(directory, name)
    else {
      nameLength(name)
      directory.children.delete(name)
    }
    this.#last = undefined
  }

  /** Removes what this layer did not bring, also from the directories that it keeps. */
  #clear(directory: Directory): void {
    for (const name of [...directory.children.keys()]) {
      if (this.#isOwn(directory, name)) this.#clearChild(directory, name)
      else directory.children.delete(name)
    }
  }

  #clearChild(directory: Directory, name: string): void {
    const child = directory.children.get(name)
    if (child instanceof Directory) this.#clear(child)
  }

  #find(path: string): Directory | undefined {
    if (this.#last?.path === path) return this.#last.directory
    try {
      return resolveDirectory(this.#tree.root, path)
    } catch (error) {
      if (!(error instanceof LayerFault) || error.message === fault.nameTooLong) throw error
      return undefined
    }
  }
}

function refuse(entry: PlacedEntry, reason: string): never {
  throw refusal(entry, reason)
}
