import { mkdirSync } from 'node:fs'
import { isSystemError, removeTree, renamePath, temporaryName } from '#platform'
import type { Engine } from '../engine.ts'

/** The directory of what builds remember in files. */
export function buildMemory({ root }: Pick<Engine, 'root'>): string {
  return `${root}/builds`
}

/** Removes what builds remember. A build that runs meanwhile may begin to remember anew. */
export async function forgetBuildMemory(engine: Pick<Engine, 'root'>): Promise<void> {
  try {
    await removeAside(engine, buildMemory(engine))
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

/** Takes a directory of the store away at once, and then removes it. Throws `ENOENT` when it is not there. */
export async function removeAside({ root }: Pick<Engine, 'root'>, path: string): Promise<void> {
  const trash = `${root}/trash`
  mkdirSync(trash, { recursive: true, mode: 0o700 })
  const doomed = `${trash}/${temporaryName()}`
  renamePath(path, doomed)
  await removeTree(doomed)
}
