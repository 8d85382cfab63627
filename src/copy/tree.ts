import type { treeCalls } from '#platform'
import type { Cover } from '#runtime'

/** What a copy must know of a tree, beside an open directory of it. */
export interface TreeRules {
  /** The mount at a path without links that the kernel does not show. */
  coverAt(path: string): Cover | undefined
  /** Opens the directory to which the link at `path` leads; `undefined` where links may not be followed. */
  follow(path: string): Directory | undefined
  /** Whether a copy of a tree contains the directory at `path` without its files. */
  isHollow(path: string): boolean
}

/** A tree of files from which or to which files are copied: this machine, or a container. */
export interface CopyTree extends TreeRules, Disposable {
  /** Finds a file to copy. Throws `NOT_FOUND`. */
  origin(path: string, options: OriginOptions): Origin
  /** Finds the place of a copy; its directory must exist. Throws `NOT_FOUND`. */
  target(path: string): Target
}

export interface OriginOptions {
  /** Copies the file that a link leads to, not the link. */
  readonly follow: boolean
}

/** A file to copy. */
export interface Origin {
  readonly tree: TreeRules
  /** Absolute, without links above its last name. */
  readonly path: string
  /** An `O_PATH` descriptor, which the tree closes. */
  readonly fd: number
  readonly status: treeCalls.EntryStatus
  /** The name of its copy in a directory; `.` for the root. */
  readonly name: string
  /** Only the files in the directory are copied: the path ends in `/.`. */
  readonly contentsOnly: boolean
}

/** A directory in which a copy is made. */
export interface Directory {
  /** Absolute, without links. */
  readonly path: string
  readonly fd: number
  readonly readOnly: boolean
}

/** The place of a copy, as it was found. */
export type Target =
  | { readonly kind: 'directory'; readonly directory: Directory }
  | { readonly kind: 'file'; readonly directory: Directory; readonly name: string }
  | {
      readonly kind: 'missing'
      readonly directory: Directory
      readonly name: string
      /** The path ends in `/` or `/.`. */
      readonly mustBeDirectory: boolean
    }
