import { fileType, treeCalls, typeOf } from '#platform'
import { compareNames, decodeName, encodeName } from '#tar'
import { travellingAttributes } from './attribute.ts'
import type { PathChange } from './changes.ts'
import { findSameFile, isSameDirectory, type Opened, sameTime, statusTime } from './compare.ts'

/** The same directory of two trees. */
interface Pair {
  readonly before: number
  readonly after: number
  readonly path: string
}

/**
 * Yields how the tree at `after` differs from the one at `before`, depth first and in byte order.
 * Compares owner, mode, times to the nanosecond, attributes and contents. A deleted directory
 * yields only its own name.
 */
export function* compareTrees(before: string, after: string): Generator<PathChange> {
  const left = treeCalls.openRoot(before)
  yield* within({ before: left, after: treeCalls.openRoot(after), path: '' })
}

/** Closes both descriptors. */
function* within({ before, after, path }: Pair): Generator<PathChange> {
  try {
    const old = namesIn(before)
    const now = namesIn(after)
    for (const name of [...old.union(now)].sort(compareNames)) {
      const child = path === '' ? name : `${path}/${name}`
      if (!now.has(name)) yield { path: child, kind: 'deleted' }
      else if (!old.has(name)) yield* added(after, name, child)
      else yield* changeOf({ before, after, path: child }, encodeName(name))
    }
  } finally {
    treeCalls.closeDescriptor(before)
    treeCalls.closeDescriptor(after)
  }
}

/** A name and everything below it. */
function* added(directory: number, name: string, path: string): Generator<PathChange> {
  yield { path, kind: 'added' }
  const opened = openIfDirectory(directory, encodeName(name))
  if (opened !== undefined) yield* addedBelow(opened, path)
}

/** Closes `directory`. */
function* addedBelow(directory: number, path: string): Generator<PathChange> {
  try {
    for (const name of [...namesIn(directory)].sort(compareNames)) {
      yield* added(directory, name, `${path}/${name}`)
    }
  } finally {
    treeCalls.closeDescriptor(directory)
  }
}

function* changeOf({ before, after, path }: Pair, name: Uint8Array): Generator<PathChange> {
  if (!isSame(before, after, name)) yield { path, kind: 'changed' }
  const now = openIfDirectory(after, name)
  if (now === undefined) return
  const old = openIfDirectory(before, name)
  if (old === undefined) yield* addedBelow(now, path)
  else yield* within({ before: old, after: now, path })
}

function isSame(before: number, after: number, name: Uint8Array): boolean {
  const old = treeCalls.entryStatus(before, name)
  const now = treeCalls.entryStatus(after, name)
  if (old === undefined || now === undefined) return old === now
  if (old.mode !== now.mode || !sameTime(statusTime(old), statusTime(now))) return false
  switch (typeOf(now.mode)) {
    case fileType.directory:
      return withOpened(openIfDirectory(after, name), now, (opened) => {
        const lower = openIfDirectory(before, name)
        if (lower === undefined) return false
        try {
          return isSameDirectory(opened, lower, true)
        } finally {
          treeCalls.closeDescriptor(lower)
        }
      })
    case fileType.regular:
      return withOpened(treeCalls.openFileAt(after, name), now, (opened) => {
        const same = { name, time: statusTime(now), acls: true }
        return findSameFile(opened, before, same) !== undefined
      })
    case fileType.symlink:
      if (
        Buffer.compare(treeCalls.readSymlink(before, name), treeCalls.readSymlink(after, name)) !==
        0
      )
        return false
  }
  const sameDevice = old.deviceMajor === now.deviceMajor && old.deviceMinor === now.deviceMinor
  return sameDevice && old.uid === now.uid && old.gid === now.gid
}

function withOpened(
  fd: number | undefined,
  status: treeCalls.EntryStatus,
  action: (opened: Opened) => boolean,
): boolean {
  if (fd === undefined) return false
  try {
    return action({ fd, status, xattrs: travellingAttributes(fd, true) })
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

/** `undefined` for anything that is not a directory. */
function openIfDirectory(directory: number, name: Uint8Array): number | undefined {
  const status = treeCalls.entryStatus(directory, name)
  if (status === undefined || typeOf(status.mode) !== fileType.directory) return undefined
  return treeCalls.openDirectory(directory, name)
}

function namesIn(directory: number): Set<string> {
  return new Set(treeCalls.listDirectory(directory).map(({ name }) => decodeName(name)))
}
