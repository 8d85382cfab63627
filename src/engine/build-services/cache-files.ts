import {
  isSystemError,
  makeDirectories,
  pathExists,
  removeTree,
  renamePath,
  temporaryName,
} from '#platform'
import type { Engine } from '../engine.ts'

/** Returns the directory of files that builds keep for later builds. */
export function cacheFilesOf({ root }: Pick<Engine, 'root'>): string {
  return `${root}/builds`
}

/**
 * Removes the files that builds keep for later builds, and returns their bytes. A running
 * build may make new ones.
 */
export async function removeCacheFiles(engine: Pick<Engine, 'root'>): Promise<number> {
  // Every command loads this file, and few remove anything.
  const { treeSize } = await import('#snapshot/unpacked/tree-size')
  const path = cacheFilesOf(engine)
  const size = pathExists(path) ? await treeSize(path) : 0
  try {
    await removeAside(engine, path)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  return size
}

/** Moves a directory of the store into the trash, then removes it. Throws `ENOENT` for an absent directory. */
export async function removeAside({ root }: Pick<Engine, 'root'>, path: string): Promise<void> {
  const trash = `${root}/trash`
  makeDirectories(trash, 0o700)
  const moved = `${trash}/${temporaryName()}`
  renamePath(path, moved)
  await removeTree(moved)
}
