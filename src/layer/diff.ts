import type { Bytes } from '#stream'
import { cleanPath, type TarLister, writeTar } from '#tar'
import { TreeWalk } from './walk.ts'

export interface PackTreeOptions {
  /** Also carries POSIX access control lists. */
  readonly acls?: boolean
  /** Modification times after this one (seconds since 1970) become this one. */
  readonly epoch?: number
  /** Paths below the root that are left out, with everything below them. */
  readonly exclude?: readonly string[]
  /**
   * Paths that are left out while they hold nothing: an empty file, or a
   * directory without entries. For mount points a runtime made.
   */
  readonly stubs?: readonly string[]
  /** Starts with an entry for the root directory itself. */
  readonly includeRoot?: boolean
  /** Keeps fractions of seconds, which takes a pax header for each entry. */
  readonly subsecond?: boolean
  /** Is told every entry of the archive. */
  readonly lister?: TarLister
  readonly signal?: AbortSignal | undefined
}

export interface DiffUpperOptions extends PackTreeOptions {
  /**
   * The parent filesystem. With it, files and directories that overlayfs
   * copied up and nobody changed are left out; a directory stays in when
   * something below it does.
   */
  readonly lower?: string
  /**
   * Also makes the times in `upper` those that the layer gives: fractions
   * dropped, late ones clamped, and of directories that are left out the
   * parent's. Then whoever stands on `upper` sees what those see who apply the
   * layer, and makes the same layers from it.
   */
  readonly normalizeTimes?: boolean
}

/**
 * The layer that overlayfs wrote into `upper`, as an uncompressed archive:
 * deletions as whiteouts, replaced directories as opaque ones, names of one
 * file as hard links. The same tree always gives the same bytes: names in byte
 * order, numeric owners, whole seconds.
 *
 * The mount that wrote `upper` must be gone or idle, and must have had
 * `redirect_dir` and `metacopy` off: what they write is no changeset, and is
 * refused with `UNSUPPORTED`.
 */
export function diffUpper(upper: string, options: DiffUpperOptions = {}): Bytes {
  return archive(upper, { ...options, overlay: true })
}

/** A whole tree as one layer; see `diffUpper`. Sockets are left out. */
export function packTree(root: string, options: PackTreeOptions = {}): Bytes {
  return archive(root, { ...options, overlay: false })
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
