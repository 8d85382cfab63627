import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  read,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs'
import { promisify } from 'node:util'
import type { IgnoreMatcher } from '#dockerfile'
import { mayTravel } from '#layer'
import { StrakeError } from '#oci'
import { at } from '#platform'
import { openInRoot, openRoot } from '#runtime'
import type { Bytes } from '#stream'
import { compareNames, decodeName, encodeName, printableName } from '#tar'
import { type FileNode, lookUp } from './node.ts'

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
  readLink(node: FileNode): string
  /**
   * The bytes of a file, provided it still is the one that was seen: at once
   * when it is small, as a stream when it is not. Throws `CONFLICT`.
   */
  read(node: FileNode): Uint8Array | Bytes
  /** The extended attributes of a file that belong into a layer; none where there are no owners. */
  attributes(node: FileNode): ReadonlyMap<string, Uint8Array>
  /** True when a file is there and only the ignore file hides it. */
  hides(path: string): boolean
}

/** Opens a directory as a tree. Throws `NOT_FOUND` when it is none. */
export function openTree(
  root: string,
  options: {
    readonly name: string
    readonly hasOwners: boolean
    readonly ignore?: IgnoreMatcher
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
  #descriptor: number | undefined

  constructor(
    root: string,
    top: FileNode,
    options: {
      readonly name: string
      readonly hasOwners: boolean
      readonly ignore?: IgnoreMatcher
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
    for (const name of readdirSync(this.#absolute(directory)).sort(compareNames)) {
      checkName(name, directory)
      const node = lookUp(this.root, directory.path, name)
      if (node !== undefined && this.#isIncluded(node)) nodes.push(node)
    }
    this.#listed.set(directory.path, nodes)
    return nodes
  }

  child(directory: FileNode, name: string): FileNode | undefined {
    const listed = this.#listed.get(directory.path)
    if (listed !== undefined) return listed.find((node) => node.name === name)
    const node = lookUp(this.root, directory.path, name)
    return node !== undefined && this.#isIncluded(node) ? node : undefined
  }

  readLink(node: FileNode): string {
    return readlinkSync(this.#absolute(node))
  }

  read(node: FileNode): Uint8Array | Bytes {
    return node.size <= smallSize ? this.#readSmall(node) : this.#readLarge(node)
  }

  // Opening, reading and closing thousands of small files costs several times as much when
  // each call goes through the event loop.
  #readSmall(node: FileNode): Uint8Array {
    const file = this.#open(node)
    try {
      const bytes = Buffer.allocUnsafe(node.size)
      for (let done = 0; done < node.size; ) {
        const count = readSync(file, bytes, done, node.size - done, done)
        if (count === 0) throw changed(this, node)
        done += count
      }
      return bytes
    } finally {
      closeSync(file)
    }
  }

  async *#readLarge(node: FileNode): AsyncGenerator<Uint8Array> {
    const file = this.#open(node)
    try {
      const buffer = Buffer.allocUnsafe(readSize)
      for (let done = 0; done < node.size; ) {
        const length = Math.min(readSize, node.size - done)
        const { bytesRead } = await readAsync(file, buffer, 0, length, done)
        if (bytesRead === 0) throw changed(this, node)
        done += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      closeSync(file)
    }
  }

  /**
   * Opens relative to the root and through no link at all: between listing and
   * opening, someone may have put a link in the place of a directory.
   */
  #open(node: FileNode): number {
    this.#descriptor ??= openRoot(this.root)
    let file: number
    try {
      file = openInRoot(this.#descriptor, node.path, { flags: openFlags, noSymlinks: true })
    } catch (cause) {
      throw changed(this, node, cause)
    }
    const seen = fstatSync(file, { bigint: true })
    // The change time too: what is copied must be what the cache key was made of.
    const isSame = seen.ino === node.inode && seen.dev === node.device
    if (isSame && seen.ctimeNs === node.ctimeNs && Number(seen.size) === node.size) return file
    closeSync(file)
    throw changed(this, node)
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  attributes(node: FileNode): ReadonlyMap<string, Uint8Array> {
    // What a host's files carry, labels say, is nobody else's business.
    if (!this.hasOwners || node.type !== 'file') return noAttributes
    const file = this.#open(node)
    try {
      const names = at.listAttributes(file).map((name) => decodeName(name))
      const found = names.filter((name) => mayTravel(name)).sort()
      const values = found.map((name) => [name, at.readAttribute(file, encodeName(name))] as const)
      return new Map(
        values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      )
    } finally {
      closeSync(file)
    }
  }

  hides(path: string): boolean {
    if (this.#ignore === undefined || !this.#ignore.ignores(path)) return false
    try {
      lstatSync(`${this.root}/${path}`)
      return true
    } catch {
      return false
    }
  }

  /** An ignored directory is still there when something below it is not ignored. */
  #isIncluded(node: FileNode): boolean {
    if (this.#ignore === undefined || !this.#ignore.ignores(node.path)) return true
    if (node.type !== 'directory' || !this.#ignore.mayContain(node.path)) return false
    return this.list(node).length > 0
  }

  #absolute(node: FileNode): string {
    return node.path === '' ? this.root : `${this.root}/${node.path}`
  }
}

const noAttributes: ReadonlyMap<string, Uint8Array> = new Map()
const smallSize = 262_144
const readSize = 1_048_576
/** A pipe put in the place of a file must not make us wait for its writer. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK
const readAsync = promisify(read)

/** A name the runtime could not decode cannot be opened by what it was decoded to. */
function checkName(name: string, directory: FileNode): void {
  if (!name.includes('\uFFFD')) return
  const place = directory.path === '' ? '' : ` in ${printableName(directory.path)}`
  throw new StrakeError(
    'UNSUPPORTED',
    `Cannot copy ${printableName(name)}${place}: its name is not valid UTF-8`,
    { remedy: 'rename it, or leave it out with .dockerignore' },
  )
}

function changed(tree: FileTree, node: FileNode, cause?: unknown): StrakeError {
  return new StrakeError(
    'CONFLICT',
    `Cannot copy ${printableName(node.path)}: it changed in ${tree.name} while it was read`,
    { remedy: 'build again when nothing writes to it', cause },
  )
}
