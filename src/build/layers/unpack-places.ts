import { StrakeError } from '#oci'
import { printableName } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { LookupTree } from '../files/tree.ts'
import type { LayoutEntry } from './placement.ts'

/** A directory above an entry, which the layer must have before it. */
export interface Parent {
  readonly path: string
  /** The directory of the image. Absent for a new directory. */
  readonly node?: FileNode | undefined
}

/** The place of an entry, with paths of the image. */
export interface Placed {
  readonly path: string
  /** The target of a hard link. */
  readonly target: string
  /** Directories without an entry so far, the topmost first. */
  readonly parents: readonly Parent[]
}

interface Entry {
  readonly path: string
  readonly type: string
  readonly linkpath: string
}

interface Known {
  readonly type: 'directory' | 'symlink' | 'other'
  /** The target of a link. */
  readonly target?: string | undefined
  /** The directory of the image, if no entry replaced it. */
  readonly node?: FileNode | undefined
}

const maxLinks = 255

/**
 * Places the entries of archives that are unpacked into a directory of an image.
 * Links of the image and of the archive are followed, and every path stays in the
 * directory. An absolute link is resolved in the directory. A link with too many
 * `..` throws `INVALID`.
 */
export class UnpackPlaces {
  readonly #below: LookupTree
  /** The destination. */
  readonly #root: readonly string[]
  readonly #known = new Map<string, Known | undefined>()
  readonly #written = new Set<string>()

  /** `written` has the earlier entries of the layer, parents first. */
  constructor(below: LookupTree, root: string, written: readonly LayoutEntry[]) {
    this.#below = below
    this.#root = root === '' ? [] : root.split('/')
    this.#known.set('', { type: 'directory', node: below.top })
    for (const { path, content } of written) {
      this.#written.add(path)
      const isDirectory =
        content === 'directory' || ('type' in content && content.type === 'directory')
      if (!isDirectory) this.#known.set(path, { type: 'other' })
      else if (this.#at(path.split('/')) === undefined) this.#known.set(path, { type: 'directory' })
    }
  }

  /** Places an entry by its normalized path. Later entries are placed above it. */
  place(entry: Entry): Placed {
    const names = entry.path.split('/')
    const base = names.pop() ?? ''
    const directory = this.#resolve(names, entry.path)
    const path = [...directory, base].join('/')
    const target = entry.type === 'hardlink' ? this.#targetOf(entry) : ''
    const parents = this.#parents(directory)
    this.#put(path, entry, target)
    return { path, target, parents }
  }

  #targetOf({ path, linkpath }: Entry): string {
    const names = linkpath.split('/')
    const base = names.pop() ?? ''
    return [...this.#resolve(names, path), base].join('/')
  }

  /** Follows names from the destination, and returns those from the root of the image. */
  #resolve(names: readonly string[], purpose: string): readonly string[] {
    const pending = names.toReversed()
    let place = [...this.#root]
    let links = 0
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '' || name === '.') continue
      if (name === '..') {
        if (place.length > this.#root.length) place.pop()
        // The root of the image is its own parent.
        else if (this.#root.length > 0)
          throw refusal(purpose, 'a link leads out of the destination')
        continue
      }
      place.push(name)
      const found = this.#at(place)
      if (found === undefined || found.type === 'directory') continue
      const shown = printableName(`/${place.join('/')}`)
      if (found.type === 'other') throw refusal(purpose, `${shown} is not a directory`)
      if (++links > maxLinks) throw refusal(purpose, 'its links form a loop')
      const { target = '' } = found
      if (target.startsWith('/')) place = [...this.#root]
      else place.pop()
      pending.push(...target.split('/').toReversed())
    }
    return place
  }

  #parents(directory: readonly string[]): readonly Parent[] {
    const parents: Parent[] = []
    for (let count = 1; count <= directory.length; count++) {
      const names = directory.slice(0, count)
      const path = names.join('/')
      const node = this.#at(names)?.node
      if (this.#written.has(path)) continue
      this.#written.add(path)
      this.#known.set(path, { type: 'directory', node })
      parents.push({ path, node })
    }
    return parents
  }

  /** Returns the entry or the node of the image at a path. */
  #at(names: readonly string[]): Known | undefined {
    const path = names.join('/')
    if (this.#known.has(path)) return this.#known.get(path)
    const parent = this.#at(names.slice(0, -1))?.node
    const node = parent && this.#below.child(parent, names.at(-1) ?? '')
    const known = node && this.#describe(node)
    this.#known.set(path, known)
    return known
  }

  #describe(node: FileNode): Known {
    if (node.type === 'directory') return { type: 'directory', node }
    if (node.type !== 'symlink') return { type: 'other' }
    return { type: 'symlink', target: this.#below.readLink(node) }
  }

  #put(path: string, { type, linkpath }: Entry, target: string): void {
    const before = this.#at(path.split('/'))
    this.#written.add(path)
    if (type === 'directory') {
      if (before?.type !== 'directory') this.#known.set(path, { type: 'directory' })
      return
    }
    if (before?.type === 'directory') this.#forgetBelow(path)
    if (type === 'symlink') this.#known.set(path, { type: 'symlink', target: linkpath })
    else if (type === 'hardlink') {
      const same = this.#at(target.split('/'))
      this.#known.set(path, same?.type === 'symlink' ? same : { type: 'other' })
    } else this.#known.set(path, { type: 'other' })
  }

  /** Forgets the paths below a directory that another entry replaced. */
  #forgetBelow(path: string): void {
    const prefix = `${path}/`
    for (const each of this.#known.keys()) if (each.startsWith(prefix)) this.#known.delete(each)
    for (const each of this.#written) if (each.startsWith(prefix)) this.#written.delete(each)
  }
}

function refusal(path: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot unpack ${printableName(path)}: ${reason}`)
}
