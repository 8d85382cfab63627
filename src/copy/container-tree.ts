import { posix } from 'node:path'
import { StrakeError } from '#oci'
import { treeCalls } from '#platform'
import { type ContainerView, type Cover, isDirectory, type Place } from '#runtime'
import { decodeName, encodeName, printableName } from '#tar'
import { below, nameOf, noDirectory, noSuchFile, notADirectory, readCopyPath } from './paths.ts'
import type { CopyTree, Directory, Origin, OriginOptions, Target } from './tree.ts'

const mostLinks = 40
/** The kernel fills them, or the runtime does at every start. */
const hollow: ReadonlySet<string> = new Set(['/dev', '/proc', '/sys'])

export interface ContainerTreeOptions {
  /** The name of the container, for messages. */
  readonly name: string
  /** The root file system is read-only for the processes of the container. */
  readonly readOnly: boolean
  /** Whether `/dev`, `/proc` and `/sys` are those of a container. Default true. */
  readonly hasKernel?: boolean | undefined
}

/** The files of a container as its processes see them. Disposing the tree disposes the view. */
export class ContainerTree implements CopyTree {
  readonly #view: ContainerView
  readonly #options: ContainerTreeOptions

  constructor(view: ContainerView, options: ContainerTreeOptions) {
    this.#view = view
    this.#options = options
  }

  origin(text: string, { follow }: OriginOptions): Origin {
    const { path, contentsOnly, mustBeDirectory } = readCopyPath(text, '/')
    const shown = this.#shown(text)
    const place = follow || mustBeDirectory ? this.#find(path) : this.#findLink(path)
    if (place === undefined) throw noSuchFile(shown)
    const { fd, status } = this.#visible(place, shown)
    if (mustBeDirectory && !isDirectory(place)) throw notADirectory(shown)
    return { tree: this, path: place.path, fd, status, name: nameOf(path), contentsOnly }
  }

  target(text: string): Target {
    const { path, mustBeDirectory } = readCopyPath(text, '/')
    return this.#target(text, { path, mustBeDirectory, links: 0 })
  }

  coverAt(path: string): Cover | undefined {
    return this.#view.coverAt(path)
  }

  follow(path: string): Directory | undefined {
    return this.#view.briefly(() => {
      const place = this.#find(path)
      if (place?.fd === undefined || !isDirectory(place)) return undefined
      const fd = treeCalls.openDirectory(place.fd, dot)
      return fd === undefined
        ? undefined
        : { path: place.path, fd, readOnly: this.#isReadOnly(place) }
    })
  }

  isHollow(path: string): boolean {
    return this.#options.hasKernel !== false && hollow.has(path)
  }

  /** The names in a directory; none for anything else. */
  list(path: string): readonly string[] {
    return this.#view.briefly(() => {
      const place = this.#find(path)
      if (place?.fd === undefined || !isDirectory(place)) return []
      const fd = treeCalls.openDirectory(place.fd, dot)
      if (fd === undefined) return []
      try {
        return treeCalls.listDirectory(fd).map(({ name }) => decodeName(name))
      } finally {
        treeCalls.closeDescriptor(fd)
      }
    })
  }

  [Symbol.dispose](): void {
    this.#view[Symbol.dispose]()
  }

  #target(
    text: string,
    wanted: { readonly path: string; readonly mustBeDirectory: boolean; readonly links: number },
  ): Target {
    const { path, mustBeDirectory, links } = wanted
    const shown = this.#shown(text)
    const place = this.#find(path)
    if (place !== undefined && (path === '/' || isDirectory(place) || place.fd === undefined)) {
      return { kind: 'directory', directory: this.#directory(place, shown) }
    }
    if (place !== undefined && mustBeDirectory) throw notADirectory(`to ${shown}`)
    const link = this.#findLink(path)
    const target = link?.fd === undefined ? undefined : linkTarget(link)
    if (target !== undefined) {
      if (links === mostLinks) throw noDirectory(shown)
      const next = posix.resolve(posix.dirname(link?.path ?? '/'), target)
      return this.#target(text, { path: next, mustBeDirectory, links: links + 1 })
    }
    const parent = this.#find(posix.dirname(path))
    if (parent === undefined || (parent.fd !== undefined && !isDirectory(parent))) {
      throw noDirectory(shown)
    }
    const directory = this.#directory(parent, shown)
    const name = posix.basename(path)
    if (link === undefined) return { kind: 'missing', directory, name, mustBeDirectory }
    return { kind: 'file', directory, name }
  }

  #find(path: string): Place | undefined {
    return this.#view.find(path)
  }

  /** Like `#find`, but a link at the end of the path is not followed. */
  #findLink(path: string): Place | undefined {
    if (path === '/') return this.#find(path)
    const parent = this.#find(posix.dirname(path))
    if (parent === undefined) return undefined
    const name = posix.basename(path)
    const full = below(parent.path, name)
    const isCovered = this.#view.coverAt(full) !== undefined
    if (isCovered || parent.fd === undefined || !isDirectory(parent)) return this.#find(full)
    const fd = treeCalls.openPlace(parent.fd, encodeName(name))
    if (fd === undefined) return undefined
    this.#view.keep(fd)
    const status = treeCalls.entryStatus(fd)
    return status && { path: full, fd, status, cover: parent.cover }
  }

  #directory(place: Place, shown: string): Directory {
    const { fd } = this.#visible(place, `to ${shown}`)
    return { path: place.path, fd, readOnly: this.#isReadOnly(place) }
  }

  #isReadOnly({ cover }: Place): boolean {
    if (cover === undefined) return this.#options.readOnly
    return cover.type === 'tree' && cover.readOnly === true
  }

  /** Refuses files that exist only while the container runs, and those of the kernel. */
  #visible(
    place: Place,
    shown: string,
  ): { readonly fd: number; readonly status: treeCalls.EntryStatus } {
    const { fd, status, cover } = place
    if (fd !== undefined && status !== undefined) return { fd, status }
    const isMemory = cover?.type === 'memory'
    const reason = isMemory
      ? 'it is in memory, which exists only while the container runs'
      : 'it is in a file system of the kernel'
    throw new StrakeError('INVALID', `Cannot copy ${shown}: ${reason}`, {
      remedy: isMemory ? 'start the container first' : 'run tar in the container with strake exec',
    })
  }

  #shown(text: string): string {
    return `${this.#options.name}:${printableName(text)}`
  }
}

/** The target of a link; `undefined` for anything else. */
function linkTarget({ fd = -1, status }: Place): string | undefined {
  const isLink = ((status?.mode ?? 0) & 0o170000) === 0o120000
  return isLink ? decodeName(treeCalls.readSymlink(fd, none)) : undefined
}

const dot = encodeName('.')
const none = new Uint8Array(0)
