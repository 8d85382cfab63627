import { fileType, treeCalls, typeOf } from '#platform'
import { compareNames, decodeName, encodeName } from '#tar'
import { isOpaque, isWhiteoutDevice } from './overlay.ts'

/** How one path of a filesystem has changed. */
export interface PathChange {
  /** Relative to the root, without a leading slash. */
  readonly path: string
  /** A directory is also `changed` when only its entries have changed. */
  readonly kind: 'added' | 'changed' | 'deleted'
}

/** A directory in `upper`, and the one in `lower` that it merges with. */
interface Pair {
  readonly upper: number
  readonly lower: number | undefined
  readonly path: string
}

/**
 * Yields what overlayfs wrote into `upper` above the tree `lower`, depth first and in byte order,
 * like `docker diff`. A deleted directory yields only its own name.
 */
export function* listChanges(upper: string, lower?: string): Generator<PathChange> {
  const own = treeCalls.openRoot(upper)
  const below = lower === undefined ? undefined : treeCalls.openRoot(lower)
  yield* within({ upper: own, lower: below, path: '' })
}

/** Closes the descriptors of `pair`. */
function* within(pair: Pair): Generator<PathChange> {
  const { upper, lower, path } = pair
  try {
    const written = new Set(treeCalls.listDirectory(upper).map(({ name }) => decodeName(name)))
    const hidden = isOpaque(upper) && lower !== undefined ? namesIn(lower) : []
    const names = [...written, ...hidden.filter((name) => !written.has(name))]
    for (const name of names.sort(compareNames)) {
      const child = path === '' ? name : `${path}/${name}`
      if (written.has(name)) yield* changeOf(pair, name, child)
      else yield { path: child, kind: 'deleted' }
    }
  } finally {
    treeCalls.closeDescriptor(upper)
    if (lower !== undefined) treeCalls.closeDescriptor(lower)
  }
}

function* changeOf({ upper, lower }: Pair, name: string, path: string): Generator<PathChange> {
  const bytes = encodeName(name)
  const status = treeCalls.entryStatus(upper, bytes)
  if (status === undefined) return
  const before = lower === undefined ? undefined : treeCalls.entryStatus(lower, bytes)
  if (isWhiteoutDevice(status)) {
    if (before !== undefined) yield { path, kind: 'deleted' }
    return
  }
  const change = { path, kind: before === undefined ? 'added' : 'changed' } as const
  const opened = isDirectory(status) ? treeCalls.openDirectory(upper, bytes) : undefined
  if (opened === undefined) {
    yield change
    return
  }
  const below = lower === undefined ? undefined : treeCalls.openDirectory(lower, bytes)
  let isSaid = before === undefined || !isSameDirectory(status, before)
  if (isSaid) yield change
  for (const inside of within({ upper: opened, lower: below, path })) {
    if (!isSaid) yield change
    isSaid = true
    yield inside
  }
}

function isDirectory({ mode }: treeCalls.EntryStatus): boolean {
  return typeOf(mode) === fileType.directory
}

/** Overlayfs copies a directory into `upper` when only a file below it changes. */
function isSameDirectory(one: treeCalls.EntryStatus, other: treeCalls.EntryStatus): boolean {
  const keys = ['mode', 'uid', 'gid', 'mtime', 'mtimeNanoseconds'] as const
  return keys.every((key) => one[key] === other[key])
}

function namesIn(directory: number): string[] {
  return treeCalls.listDirectory(directory).map(({ name }) => decodeName(name))
}
