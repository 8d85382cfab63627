import { StrakeError } from '#oci'
import { compareNames, printableName } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { CopyItem, Selection } from '../files/select-sources.ts'
import type { LookupTree } from '../files/tree.ts'

/** An entry of the layer to be. */
export interface LayoutEntry {
  /** Relative to the root of the image. */
  readonly path: string
  /** `directory`: one that the copy had to make on the way. */
  readonly content: CopyItem['content'] | 'directory'
}

export interface LayoutOptions {
  /** Absolute and clean. */
  readonly destination: string
  readonly intoDirectory: boolean
}

/**
 * Decides where the selections land above `below` (DF-071, DF-073), sorted by
 * path; `place` is the destination with its links followed. Directories that
 * `below` has already keep their owner and mode and get no entry. Throws `CONFLICT` where a directory meets something else.
 */
export function layOut(
  below: LookupTree,
  selections: readonly Selection[],
  options: LayoutOptions,
): { readonly entries: LayoutEntry[]; readonly place: string } {
  const layout = new Layout(below)
  const place = layout.follow(options.destination)
  const existing = layout.at(place)
  const isDirectory =
    options.intoDirectory ||
    selections.length > 1 ||
    existing === 'directory' ||
    selections.some((selection) => selection.isDirectory)
  if (selections.length > 0 || options.intoDirectory) {
    layout.makeDirectory(isDirectory ? place : parentOf(place))
  }
  for (const { name, isDirectory: isTree, items } of selections) {
    for (const { relative, content } of items) {
      layout.put(join(isTree || !isDirectory ? place : join(place, name), relative), content)
    }
  }
  return { entries: layout.sorted(), place }
}

/** A directory to make with all its missing parents; empty when it is there. */
export function layOutDirectory(below: LookupTree, path: string): LayoutEntry[] {
  const layout = new Layout(below)
  layout.makeDirectory(layout.follow(path))
  return layout.sorted()
}

class Layout {
  readonly #below: LookupTree
  readonly #entries = new Map<string, LayoutEntry['content']>()
  /** By path: the directories of `below`, as far as they were looked for. */
  readonly #directories = new Map<string, FileNode | undefined>()
  #latest: { readonly path: string; readonly node: FileNode | undefined }

  constructor(below: LookupTree) {
    this.#below = below
    this.#latest = { path: '', node: below.top }
    this.#directories.set('', below.top)
  }

  /** Follows links of `below` inside its root; what does not exist yet is taken as written. */
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
      if (++links > 255) throw conflict(path, 'its links form a loop')
      const target = this.#below.readLink(node)
      if (target.startsWith('/')) place = ''
      pending.push(...target.split('/').reverse())
    }
    return place
  }

  /** What is or will be there. */
  at(path: string): 'directory' | 'other' | undefined {
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
    if (there === 'other') throw conflict(path, 'something that is no directory has this name')
    if (there === undefined) this.#entries.set(path, 'directory')
  }

  put(path: string, content: CopyItem['content']): void {
    const there = this.at(path)
    if (isDirectory(content)) {
      if (there === 'other') throw conflict(path, 'a directory cannot take the place of a file')
      if (there === undefined) this.#entries.set(path, content)
    } else if (there === 'directory') {
      throw conflict(path, 'a file cannot take the place of a directory')
    } else this.#entries.set(path, content)
  }

  sorted(): LayoutEntry[] {
    return [...this.#entries]
      .map(([path, content]) => ({ path, content }))
      .sort((left, right) => compareNames(left.path, right.path))
  }

  #node(path: string): FileNode | undefined {
    const slash = path.lastIndexOf('/')
    const parent = this.#directory(slash === -1 ? '' : path.slice(0, slash))
    return parent && this.#below.child(parent, path.slice(slash + 1))
  }

  /** A directory of `below`; what comes in order has the same one many times. */
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
  const shown = path.startsWith('/') ? path : `/${path}`
  return new StrakeError('CONFLICT', `Cannot copy to ${printableName(shown)}: ${reason}`)
}
