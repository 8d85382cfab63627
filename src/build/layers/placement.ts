import { StrakeError } from '#oci'
import { giveWay } from '#stream'
import { compareNames, printableName } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { CopyItem, Selection } from '../files/select-sources.ts'
import type { LookupTree } from '../files/tree.ts'

/** An entry of the new layer. */
export interface LayoutEntry {
  /** Relative to the root of the image. */
  readonly path: string
  /** A `directory` is a parent directory that the copy makes. */
  readonly content: CopyItem['content'] | 'directory'
  /** The earlier entry that is a hard link to the same file. */
  readonly hardlink?: string | undefined
}

export interface LayoutOptions {
  /** Absolute and normalized. */
  readonly destination: string
  readonly intoDirectory: boolean
  /** Make the destination a directory, also without selections. */
  readonly makesDestination?: boolean | undefined
}

/**
 * Places the selections above `below`, one after the other. Returns entries sorted
 * by path, and `place`, the destination with its links followed. A file takes the
 * name of the destination unless that is a directory or is written as one. The
 * destination and the directories above it keep their owner and mode if they exist.
 * Directories below the destination take the owner and mode of the source. Throws
 * `CONFLICT` for a directory in the place of another type, or the reverse.
 */
export function layOut(
  below: LookupTree,
  selections: readonly Selection[],
  options: LayoutOptions,
): LaidOut {
  const work = layOutInPieces(below, selections, options)
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}

/** Like `layOut`, but lets other work of the process run in between. */
export async function layOutSlowly(
  below: LookupTree,
  selections: readonly Selection[],
  { signal, ...options }: LayoutOptions & { readonly signal?: AbortSignal | undefined },
): Promise<LaidOut> {
  const work = layOutInPieces(below, selections, options)
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    await giveWay(signal)
  }
}

export interface LaidOut {
  readonly entries: LayoutEntry[]
  readonly place: string
}

/** The entries that are placed without a break. */
const pieceSize = 10_000

function* layOutInPieces(
  below: LookupTree,
  selections: readonly Selection[],
  options: LayoutOptions,
): Generator<undefined, LaidOut> {
  let count = 0
  const layout = new Layout(below, `copy to ${printableName(options.destination)}`)
  const place = layout.follow(options.destination)
  const intoDirectory = selections.length > 0 && options.intoDirectory
  if (intoDirectory || options.makesDestination === true) layout.makeDirectory(place)
  for (const { name, isDirectory, items } of selections) {
    const isInside = !isDirectory && layout.at(place) === 'directory'
    layout.makeDirectory(isDirectory || isInside ? place : parentOf(place))
    const target = isInside ? join(place, name) : place
    for (const item of items) {
      layout.put(join(target, item.relative), item)
      if (++count % pieceSize === 0) yield undefined
    }
  }
  if (count >= pieceSize) yield undefined
  return { entries: layout.sorted(), place }
}

/** Returns the entries of a directory and its missing parents. Empty when the directory exists. */
export function layOutDirectory(below: LookupTree, path: string): LayoutEntry[] {
  const layout = new Layout(below, `make ${printableName(path)}`)
  layout.makeDirectory(layout.follow(path))
  return layout.sorted()
}

class Layout {
  readonly #below: LookupTree
  /** The verb and object of error messages: `copy to /etc`. */
  readonly #purpose: string
  readonly #entries = new Map<string, LayoutEntry['content']>()
  /** The files with several names, by path of the entry. */
  readonly #files = new Map<string, CopyItem>()
  /** The directories of `below` that were looked up, by path. */
  readonly #directories = new Map<string, FileNode | undefined>()
  #latest: { readonly path: string; readonly node: FileNode | undefined }

  constructor(below: LookupTree, purpose: string) {
    this.#below = below
    this.#purpose = purpose
    this.#latest = { path: '', node: below.top }
    this.#directories.set('', below.top)
  }

  /** Follows links of `below` inside its root. Names that do not exist stay as written. */
  follow(path: string): string {
    const pending = path.split('/').reverse()
    let place = ''
    let links = 0
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '' || name === '.') continue
      if (name === '..') {
        place = parentOf(place)
        continue
      }
      const node = this.#node(join(place, name))
      if (node?.type !== 'symlink') {
        place = join(place, name)
        continue
      }
      if (++links > 255) throw this.#conflict('its links form a loop')
      const target = this.#below.readLink(node)
      if (target.startsWith('/')) place = ''
      pending.push(...target.split('/').reverse())
    }
    return place
  }

  /** Returns the node or the new entry at a path. */
  at(path: string): 'directory' | 'other' | undefined {
    if (path === '') return 'directory'
    const planned = this.#entries.get(path)
    if (planned !== undefined) return isDirectory(planned) ? 'directory' : 'other'
    const node = this.#node(path)
    if (node === undefined) return undefined
    return node.type === 'directory' ? 'directory' : 'other'
  }

  makeDirectory(path: string): void {
    if (path === '') return
    this.makeDirectory(parentOf(path))
    const there = this.at(path)
    if (there === 'other') throw this.#conflict(`${shown(path)} is not a directory`)
    if (there === undefined) this.#entries.set(path, 'directory')
  }

  put(path: string, item: CopyItem): void {
    const { content } = item
    const there = this.at(path)
    this.#files.set(path, item.sameAs ?? item)
    if (isDirectory(content)) {
      if (there === 'other') throw conflict(path, 'a directory cannot take the place of a file')
      this.#entries.set(path, content)
    } else if (there === 'directory') {
      throw conflict(path, 'a file cannot take the place of a directory')
    } else this.#entries.set(path, content)
  }

  sorted(): LayoutEntry[] {
    const firsts = new Map<CopyItem, string>()
    return [...this.#entries]
      .map(([path, content]) => ({ path, content }))
      .sort((left, right) => compareNames(left.path, right.path))
      .map((entry) => {
        const file = this.#files.get(entry.path)
        const first = file && firsts.get(file)
        if (first !== undefined) return { ...entry, hardlink: first }
        if (file !== undefined) firsts.set(file, entry.path)
        return entry
      })
  }

  #conflict(reason: string): StrakeError {
    return new StrakeError('CONFLICT', `Cannot ${this.#purpose}: ${reason}`)
  }

  #node(path: string): FileNode | undefined {
    const slash = path.lastIndexOf('/')
    const parent = this.#directory(slash === -1 ? '' : path.slice(0, slash))
    return parent && this.#below.child(parent, path.slice(slash + 1))
  }

  /**
   * Returns a directory of `below`. Entries in order have the same directory many times,
   * so it is cached.
   */
  #directory(path: string): FileNode | undefined {
    if (path === this.#latest.path) return this.#latest.node
    if (!this.#directories.has(path)) {
      const node = this.#node(path)
      this.#directories.set(path, node?.type === 'directory' ? node : undefined)
    }
    this.#latest = { path, node: this.#directories.get(path) }
    return this.#latest.node
  }
}

/** The name of a path of the image in messages. */
function shown(path: string): string {
  return printableName(`/${path}`)
}

function isDirectory(content: LayoutEntry['content']): boolean {
  return content === 'directory' || ('type' in content && content.type === 'directory')
}

function parentOf(path: string): string {
  const at = path.lastIndexOf('/')
  return at === -1 ? '' : path.slice(0, at)
}

function join(directory: string, name: string): string {
  if (name === '') return directory
  return directory === '' ? name : `${directory}/${name}`
}

function conflict(path: string, reason: string): StrakeError {
  return new StrakeError('CONFLICT', `Cannot copy to ${shown(path)}: ${reason}`)
}
