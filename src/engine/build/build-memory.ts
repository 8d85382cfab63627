import { mkdirSync } from 'node:fs'
import { isSystemError, removeTree, renamePath, temporaryName } from '#platform'
import type { Engine } from '../engine.ts'

/** The directory of what builds remember in files. */
export function buildMemory({ root }: Pick<Engine, 'root'>): string {
  return `${root}/builds`
}

/** The directory of cache mounts. */
export function cacheMountsOf({ root }: Pick<Engine, 'root'>): string {
  return `${root}/cache-mounts`
}

/** Removes what builds remember. A build that runs meanwhile may begin to remember anew. */
export async function forgetBuildMemory(engine: Pick<Engine, 'root'>): Promise<void> {
  const trash = `${engine.root}/trash`
  mkdirSync(trash, { recursive: true, mode: 0o700 })
  const doomed = `${trash}/${temporaryName()}`
  try {
    renamePath(buildMemory(engine), doomed)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return
    throw error
  }
  await removeTree(doomed)
}
