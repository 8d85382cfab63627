import {
  isSystemError,
  makeDirectories,
  pathExists,
  removeTree,
  renamePath,
  temporaryName,
} from '#platform'
import { treeSize } from '#snapshot'
import type { Engine } from '../engine.ts'

/** Returns the directory of the files in which builds remember things. */
export function buildMemory({ root }: Pick<Engine, 'root'>): string {
  return `${root}/builds`
}

/**
 * Removes the files in which builds remember things and returns their bytes. A running
 * build may make new ones.
 */
export async function forgetBuildMemory(engine: Pick<Engine, 'root'>): Promise<number> {
  const path = buildMemory(engine)
  const size = pathExists(path) ? await treeSize(path) : 0
  try {
    await removeAside(engine, path)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  return size
}

/** Renames a directory of the store away, then removes it. Throws `ENOENT` for an absent directory. */
export async function removeAside({ root }: Pick<Engine, 'root'>, path: string): Promise<void> {
  const trash = `${root}/trash`
  makeDirectories(trash, 0o700)
  const doomed = `${trash}/${temporaryName()}`
  renamePath(path, doomed)
  await removeTree(doomed)
}
