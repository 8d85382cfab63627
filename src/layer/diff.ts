import type { Bytes } from '#stream'
import { cleanPath, type TarInput, type TarLister, writeTar } from '#tar'
import { TreeWalk } from './walk.ts'

export interface PackTreeOptions {
  /** Also carries POSIX access control lists. */
  readonly acls?: boolean
  /** Modification times after this one (seconds since 1970) become this one. */
  readonly epoch?: number | undefined
  /** Paths below the root that are left out, with everything below them. */
  readonly exclude?: readonly string[]
  /**
   * Paths that are left out while they are an empty file or an empty directory. For mount points
   * that a runtime created.
   */
  readonly stubs?: readonly string[]
  /** Starts with an entry for the root directory itself. */
  readonly includeRoot?: boolean
  /** Keeps fractions of seconds, which takes a pax header for each entry. */
  readonly subsecond?: boolean
  /** Receives every entry of the archive. */
  readonly lister?: TarLister
  readonly signal?: AbortSignal | undefined
}

export interface DiffUpperOptions extends PackTreeOptions {
  /**
   * The parent filesystem. With it, files and directories are left out that overlayfs copied up
   * without a change. A directory stays when something below it changed.
   */
  readonly lower?: string | undefined
  /**
   * Also sets the times in `upper` to those in the layer: drops fractions, clamps late ones, and
   * gives directories that are left out the time of the parent. A later step above `upper` then
   * sees the same times as a machine that applies the layer, and produces identical layers.
   */
  readonly normalizeTimes?: boolean
}

/**
 * The layer that overlayfs wrote into `upper`, as an uncompressed archive: deletions as whiteouts,
 * replaced directories as opaque ones, names of one file as hard links. The same tree always gives
 * the same bytes: names in byte order, numeric owners, whole seconds.
 *
 * The mount that wrote `upper` must be unmounted or idle, and must have had `redirect_dir` and
 * `metacopy` off. A layer cannot express what these features write, so such files are refused with
 * `UNSUPPORTED`.
 */
export function diffUpper(upper: string, options: DiffUpperOptions = {}): Bytes {
  return archive(upper, { ...options, overlay: true })
}

/** A whole tree as one layer; see `diffUpper`. Leaves out sockets. */
export function packTree(root: string, options: PackTreeOptions = {}): Bytes {
  return archive(root, { ...options, overlay: false })
}

/**
 * The entries of a whole tree, in the order of `packTree`. The body of an entry is valid until the
 * next one is requested.
 */
export async function* treeEntries(
  root: string,
  { signal }: Pick<PackTreeOptions, 'signal'> = {},
): AsyncGenerator<TarInput, void, undefined> {
  using walk = new TreeWalk(root, { overlay: false, exclude: new Set(), stubs: new Set(), signal })
  yield* walk.entries()
}

async function* archive(
  root: string,
  {
    exclude = [],
    stubs = [],
    lister,
    ...options
  }: DiffUpperOptions & { readonly overlay: boolean },
): AsyncGenerator<Uint8Array, void, undefined> {
  using walk = new TreeWalk(root, { ...options, exclude: pathSet(exclude), stubs: pathSet(stubs) })
  yield* writeTar(walk.entries(), lister)
}

function pathSet(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.map((path) => cleanPath(path) ?? ''))
}
