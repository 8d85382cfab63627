import { rmdirSync, unlinkSync } from 'node:fs'
import { posix } from 'node:path'
import { treeCalls } from '#platform'
import type { MadeEntry } from './container-view.ts'

/**
 * Removes unchanged mount points: the same file or directory, and empty. For roots whose changes
 * become a layer, which must not contain mount points.
 */
export function removeMountPoints(rootPath: string, made: readonly MadeEntry[]): void {
  const root = treeCalls.openRoot(rootPath)
  try {
    for (const one of made.toReversed()) removeOne(root, one)
  } finally {
    treeCalls.closeDescriptor(root)
  }
}

/** Removes by parent directory and name, so that no link is followed. */
function removeOne(root: number, { path, identity, kind }: MadeEntry): void {
  const parent = openParent(root, path)
  if (parent === undefined) return
  try {
    const name = posix.basename(path)
    const status = treeCalls.entryStatus(parent, Buffer.from(name))
    if (status?.identity !== identity) return
    if (kind === 'directory') rmdirSync(`/proc/self/fd/${parent}/${name}`)
    else if (status.size === 0) unlinkSync(`/proc/self/fd/${parent}/${name}`)
  } catch {
    // The program has filled it, so it stays.
  } finally {
    treeCalls.closeDescriptor(parent)
  }
}

function openParent(root: number, path: string): number | undefined {
  try {
    return treeCalls.resolveDirectory(root, Buffer.from(`.${posix.dirname(path)}`), {
      links: 'refuse',
    })
  } catch {
    return undefined
  }
}
