import { read } from 'node:fs'
import { promisify } from 'node:util'
import type { IgnoreMatcher } from '#dockerfile'
import { StrakeError } from '#oci'
import { at, isSystemError } from '#platform'
import type { Bytes } from '#stream'
import { compareNames, decodeName, encodeName, mayTravel, printableName } from '#tar'
import { type FileNode, isUnchanged, lookUp, nodeOf } from './node.ts'

/**
 * Files to copy from: a build context, or the mounted filesystem of a stage.
 * Symbolic links are never followed here, and no path leaves the root; see
 * `resolveNode` for following them inside it.
 */
export interface FileTree extends Disposable {
  /** How messages name it: `the build context`, `stage build`. */
  readonly name: string
  /** Absolute path of the root. */
  readonly root: string
  /** Owners are part of the tree (a stage), or are not (a context: everything becomes root's). */
  readonly hasOwners: boolean
  /** What lies in a directory and is not ignored, in byte order of the names. */
  list(directory: FileNode): readonly FileNode[]
  /** One name of a directory; `undefined` when there is none, or it is ignored. */
  child(directory: FileNode, name: string): FileNode | undefined
  readonly top: FileNode
  /** The target of a link; the same every time, whatever happens to the link meanwhile. */
  readLink(node: FileNode): string
  /**
   * The bytes of a file, provided it still is the one that was seen: at once
   * when it is small, as a stream when it is not. Throws `CONFLICT`.
   */
  read(node: FileNode): Uint8Array | Bytes
  /** The file itself, to be read piece by piece. Throws `CONFLICT`. */
  open(node: FileNode): OpenFile
  /** The extended attributes of a file that belong into a layer; none where there are no owners. */
  attributes(node: FileNode): ReadonlyMap<string, Uint8Array>
  /** True when a file is there and only the ignore file hides it. */
  hides(path: string): boolean
}

/** A filesystem that is only looked at: where something is to be copied to. */
export type LookupTree = Pick<FileTree, 'top' | 'child' | 'readLink'>

/** A file of a tree being read. */
export interface OpenFile extends Disposable {
  readonly descriptor: number
  /** Fills `target` with what comes next. Throws `CONFLICT` when the file ends before. */
  fill(target: Uint8Array): void
  /**
   * Throws `CONFLICT` unless the file is still, or again, as it was listed: then
   * it was so all the while, for nothing turns back the time of a change.
   */
  finish(): void
}

/** Opens a directory as a tree. Throws `NOT_FOUND` when it is none. */
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
      return decodeName(at.readSymlink(directory, encodeName(node.name)))
    } catch (cause) {
      throw isSystemError(cause, 'EINVAL', 'ENOENT') ? changed(this, node, cause) : cause
    } finally {
      at.closeDescriptor(directory)
    }
  }

  read(node: FileNode): Uint8Array | Bytes {
    return node.size <= smallSize ? this.#readSmall(node) : this.#readLarge(node)
  }

  // Opening, reading and closing thousands of small files costs several times as much when
  // each call goes through the event loop.
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
   * Opens relative to the root and through no link at all: between listing and
   * opening, someone may have put a link in the place of a directory.
   */
  #openNode(node: FileNode): number {
    return this.#openPath(node.path, node)
  }

  /** Opens what `node` needs opened; the error names the node. */
  #openPath(path: string, node: FileNode): number {
    this.#descriptor ??= at.openRoot(this.root)
    try {
      return at.openBeneath(this.#descriptor, path.isWellFormed() ? path : encodeName(path))
    } catch (cause) {
      throw changed(this, node, cause)
    }
  }

  #scan(directory: FileNode, visit: Parameters<typeof at.scanDirectory>[1]): void {
    const descriptor = this.#openNode(directory)
    try {
      at.scanDirectory(descriptor, visit)
    } finally {
      at.closeDescriptor(descriptor)
    }
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) at.closeDescriptor(this.#descriptor)
    this.#descriptor = undefined
  }

  attributes(node: FileNode): ReadonlyMap<string, Uint8Array> {
    // What a host's files carry, labels say, is nobody else's business.
    if (!this.hasOwners || node.type !== 'file') return noAttributes
    using file = this.open(node)
    const names = at.listAttributes(file.descriptor).map((name) => decodeName(name))
    const found = new Map<string, Uint8Array>()
    for (const name of names.filter((each) => mayTravel(each)).sort()) {
      const value = at.readAttribute(file.descriptor, encodeName(name))
      if (value !== undefined) found.set(name, value)
    }
    return found
  }

  hides(path: string): boolean {
    if (this.#ignore === undefined || !this.#ignore.ignores(path)) return false
    return at.scanPath(encodeName(`${this.root}/${path}`)) !== undefined
  }

  /** An ignored directory is still there when something below it is not ignored. */
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
      const count = at.readFully(this.descriptor, target, this.#position)
      if (count === target.length) return count
    } catch (error) {
      // A pipe or a directory has come to lie where the file was.
      if (!isSystemError(error, 'ESPIPE', 'EISDIR')) throw error
    }
    throw changed(this.#tree, this.#node)
  }

  finish(): void {
    const seen = at.scanDescriptor(this.descriptor)
    if (!isUnchanged(this.#node, seen)) throw changed(this.#tree, this.#node)
  }

  [Symbol.dispose](): void {
    at.closeDescriptor(this.descriptor)
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
    { remedy: 'build again when nothing writes to it', cause },
  )
}
