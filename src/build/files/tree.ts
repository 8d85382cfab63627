import { read } from 'node:fs'
import { promisify } from 'node:util'
import type { IgnoreMatcher } from '#dockerfile'
import { StrakeError } from '#oci'
import { isSystemError, treeCalls } from '#platform'
import type { Bytes } from '#stream'
import { compareNames, decodeName, encodeName, mayTravel, printableName } from '#tar'
import { type FileNode, isUnchanged, lookUp, nodeOf } from './node.ts'

/**
 * Files to copy from: a build context, or the mounted file system of a stage.
 * A tree does not follow symbolic links, and no path leaves the root. `resolveNode`
 * follows links inside the root.
 */
export interface FileTree extends Disposable {
  /** The name in messages: `the build context`, `stage build`. */
  readonly name: string
  /** Absolute path of the root. */
  readonly root: string
  /**
   * True when owners are part of the tree (a stage). In a layer, files of a context belong
   * to root.
   */
  readonly hasOwners: boolean
  /** The nodes of a directory that are not ignored, in byte order of their names. */
  list(directory: FileNode): readonly FileNode[]
  /** Returns the node of a name in a directory, or `undefined` when it is absent or ignored. */
  child(directory: FileNode, name: string): FileNode | undefined
  readonly top: FileNode
  /**
   * Returns the target of a link. The first call reads it, and later calls return the same
   * target.
   */
  readLink(node: FileNode): string
  /**
   * Reads a file: a small one at once, a large one as a stream. Throws `CONFLICT`
   * when the file is not the one that was listed.
   */
  read(node: FileNode): Uint8Array | Bytes
  /** Opens a file for reading it piece by piece. Throws `CONFLICT`. */
  open(node: FileNode): OpenFile
  /** Returns the extended attributes of a file for a layer. A tree without owners has none. */
  attributes(node: FileNode): ReadonlyMap<string, Uint8Array>
  /** True when a file exists and only the ignore file excludes it. */
  hides(path: string): boolean
}

/** A tree for looking up the destination of a copy. */
export type LookupTree = Pick<FileTree, 'top' | 'child' | 'readLink'>

/** A file of a tree being read. */
export interface OpenFile extends Disposable {
  readonly descriptor: number
  /** Fills `target` with the next bytes. Throws `CONFLICT` when the file is too short. */
  fill(target: Uint8Array): void
  /**
   * Throws `CONFLICT` unless the status of the file is that of the listing. An equal
   * status means that the file did not change, because no change sets ctime back.
   */
  finish(): void
}

/** Opens a directory as a tree. Throws `NOT_FOUND` if it is absent or not a directory. */
export function openTree(
  root: string,
  options: {
    readonly name: string
    readonly hasOwners: boolean
    readonly ignore?: IgnoreMatcher | undefined
  },
): FileTree {
  const top = lookUp(root, '', '')
  if (top?.type !== 'directory') {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot use ${root} as ${options.name}: it is not a directory`,
    )
  }
  return new DirectoryTree(root, top, options)
}

class DirectoryTree implements FileTree {
  readonly name: string
  readonly root: string
  readonly top: FileNode
  readonly hasOwners: boolean
  readonly #ignore: IgnoreMatcher | undefined
  readonly #listed = new Map<string, readonly FileNode[]>()
  readonly #links = new Map<string, string>()
  #descriptor: number | undefined

  constructor(
    root: string,
    top: FileNode,
    options: {
      readonly name: string
      readonly hasOwners: boolean
      readonly ignore?: IgnoreMatcher | undefined
    },
  ) {
    this.root = root
    this.top = top
    this.name = options.name
    this.hasOwners = options.hasOwners
    this.#ignore = options.ignore
  }

  list(directory: FileNode): readonly FileNode[] {
    const known = this.#listed.get(directory.path)
    if (known !== undefined) return known
    const nodes: FileNode[] = []
    let compare = compareAscii
    const prefix = directory.path === '' ? '' : `${directory.path}/`
    this.#scan(directory, (bytes, status) => {
      if (typeof bytes !== 'string') compare = compareNames
      const name = typeof bytes === 'string' ? bytes : decodeName(bytes)
      nodes.push(nodeOf(name, prefix + name, status))
    })
    nodes.sort((left, right) => compare(left.name, right.name))
    const included =
      this.#ignore === undefined ? nodes : nodes.filter((node) => this.#isIncluded(node))
    this.#listed.set(directory.path, included)
    return included
  }

  child(directory: FileNode, name: string): FileNode | undefined {
    const listed = this.#listed.get(directory.path)
    if (listed !== undefined) return listed.find((node) => node.name === name)
    const node = lookUp(this.root, directory.path, name)
    return node !== undefined && this.#isIncluded(node) ? node : undefined
  }

  readLink(node: FileNode): string {
    const known = this.#links.get(node.path)
    if (known !== undefined) return known
    const target = this.#readLink(node)
    this.#links.set(node.path, target)
    return target
  }

  #readLink(node: FileNode): string {
    const slash = node.path.lastIndexOf('/')
    const directory = this.#openPath(slash === -1 ? '' : node.path.slice(0, slash), node)
    try {
      return decodeName(treeCalls.readSymlink(directory, encodeName(node.name)))
    } catch (cause) {
      throw isSystemError(cause, 'EINVAL', 'ENOENT') ? changed(this, node, cause) : cause
    } finally {
      treeCalls.closeDescriptor(directory)
    }
  }

  read(node: FileNode): Uint8Array | Bytes {
    return node.size <= smallSize ? this.#readSmall(node) : this.#readLarge(node)
  }

  // With asynchronous calls, opening, reading and closing thousands of small files takes
  // several times as long.
  #readSmall(node: FileNode): Uint8Array {
    using file = this.open(node)
    const bytes = Buffer.allocUnsafe(node.size)
    file.fill(bytes)
    file.finish()
    return bytes
  }

  async *#readLarge(node: FileNode): AsyncGenerator<Uint8Array> {
    using file = this.open(node)
    const buffer = Buffer.allocUnsafe(readSize)
    for (let done = 0; done < node.size; ) {
      const length = Math.min(readSize, node.size - done)
      const { bytesRead } = await readAsync(file.descriptor, buffer, 0, length, done)
      if (bytesRead === 0) throw changed(this, node)
      done += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    file.finish()
  }

  open(node: FileNode): OpenFile {
    return new OpenNode(this, node, this.#openNode(node))
  }

  /**
   * Opens a path below the root without following links, because another process may
   * have replaced a directory by a link after the listing.
   */
  #openNode(node: FileNode): number {
    return this.#openPath(node.path, node)
  }

  /** Opens a node. The error names the node. */
  #openPath(path: string, node: FileNode): number {
    this.#descriptor ??= treeCalls.openRoot(this.root)
    try {
      return treeCalls.openBeneath(this.#descriptor, path.isWellFormed() ? path : encodeName(path))
    } catch (cause) {
      throw changed(this, node, cause)
    }
  }

  #scan(directory: FileNode, visit: Parameters<typeof treeCalls.scanDirectory>[1]): void {
    const descriptor = this.#openNode(directory)
    try {
      treeCalls.scanDirectory(descriptor, visit)
    } finally {
      treeCalls.closeDescriptor(descriptor)
    }
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) treeCalls.closeDescriptor(this.#descriptor)
    this.#descriptor = undefined
  }

  attributes(node: FileNode): ReadonlyMap<string, Uint8Array> {
    // Attributes of files of the host, such as labels, do not belong in an image.
    if (!this.hasOwners || node.type !== 'file') return noAttributes
    using file = this.open(node)
    const names = treeCalls.listAttributes(file.descriptor).map((name) => decodeName(name))
    const found = new Map<string, Uint8Array>()
    for (const name of names.filter((each) => mayTravel(each)).sort()) {
      const value = treeCalls.readAttribute(file.descriptor, encodeName(name))
      if (value !== undefined) found.set(name, value)
    }
    return found
  }

  hides(path: string): boolean {
    if (this.#ignore === undefined || !this.#ignore.ignores(path)) return false
    return treeCalls.scanPath(encodeName(`${this.root}/${path}`)) !== undefined
  }

  /** An ignored directory is listed when a file below it is not ignored. */
  #isIncluded(node: FileNode): boolean {
    if (this.#ignore === undefined || !this.#ignore.ignores(node.path)) return true
    if (node.type !== 'directory' || !this.#ignore.mayContain(node.path)) return false
    return this.list(node).length > 0
  }
}

class OpenNode implements OpenFile {
  readonly descriptor: number
  readonly #tree: FileTree
  readonly #node: FileNode
  #position = 0

  constructor(tree: FileTree, node: FileNode, descriptor: number) {
    this.#tree = tree
    this.#node = node
    this.descriptor = descriptor
  }

  fill(target: Uint8Array): void {
    this.#position += this.#read(target)
  }

  #read(target: Uint8Array): number {
    try {
      const count = treeCalls.readFully(this.descriptor, target, this.#position)
      if (count === target.length) return count
    } catch (error) {
      // A pipe or a directory has replaced the file.
      if (!isSystemError(error, 'ESPIPE', 'EISDIR')) throw error
    }
    throw changed(this.#tree, this.#node)
  }

  finish(): void {
    const seen = treeCalls.scanDescriptor(this.descriptor)
    if (!isUnchanged(this.#node, seen)) throw changed(this.#tree, this.#node)
  }

  [Symbol.dispose](): void {
    treeCalls.closeDescriptor(this.descriptor)
  }
}

function compareAscii(left: string, right: string): number {
  return left < right ? -1 : 1
}

const noAttributes: ReadonlyMap<string, Uint8Array> = new Map()
const smallSize = 262_144
const readSize = 1_048_576
const readAsync = promisify(read)

function changed(tree: FileTree, node: FileNode, cause?: unknown): StrakeError {
  return new StrakeError(
    'CONFLICT',
    `Cannot copy ${printableName(node.path)}: it changed in ${tree.name} while it was read`,
    { remedy: 'build again when no process writes to it', cause },
  )
}
