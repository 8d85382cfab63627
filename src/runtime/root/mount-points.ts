import { rmdirSync, unlinkSync } from 'node:fs'
import { posix } from 'node:path'
import { at } from '#platform'
import type { MadeEntry } from './container-view.ts'

/**
 * Removes unchanged mount points: the same file or directory, and empty. For roots whose changes
 * become a layer, which must not contain mount points.
 */
export function removeMountPoints(rootPath: string, made: readonly MadeEntry[]): void {
  const root = at.openRoot(rootPath)
  try {
    for (const one of made.toReversed()) removeOne(root, one)
  } finally {
    at.closeDescriptor(root)
  }
}

/** Removes by parent directory and name, so that no link is followed. */
function removeOne(root: number, { path, identity, kind }: MadeEntry): void {
  const parent = openParent(root, path)
  if (parent === undefined) return
  try {
    const name = posix.basename(path)
    const status = at.entryStatus(parent, Buffer.from(name))
    if (status?.identity !== identity) return
    if (kind === 'directory') rmdirSync(`/proc/self/fd/${parent}/${name}`)
    else if (status.size === 0) unlinkSync(`/proc/self/fd/${parent}/${name}`)
  } catch {
    // The program has filled it, so it stays.
  } finally {
    at.closeDescriptor(parent)
  }
}

function openParent(root: number, path: string): number | undefined {
  try {
    return at.resolveDirectory(root, Buffer.from(`.${posix.dirname(path)}`), { links: 'refuse' })
  } catch {
    return undefined
  }
}
