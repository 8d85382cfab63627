import { readdir, stat } from 'node:fs/promises'
import { isSystemError, tryLockDirectory } from '#platform'
import { treeSize } from '#snapshot'
import type { Engine } from '../engine.ts'
import { removeAside } from './cache-files.ts'

type Root = Pick<Engine, 'root'>

/** One directory that RUN --mount=type=cache keeps between builds. */
export interface CacheMountUsage {
  /** 32 hexadecimal digits; with `.1` and so on for directories of a private cache. */
  readonly id: string
  /** Bytes. */
  readonly size: number
  readonly createdAt: Date
  readonly lastUsedAt: Date
  /** A build uses it. */
  readonly isBusy: boolean
}

/** Returns the directory of cache mounts. */
export function cacheMountsOf({ root }: Root): string {
  return `${root}/cache-mounts`
}

/** Returns the cache mounts, the last used one first. */
export async function cacheMountUsage(engine: Root): Promise<readonly CacheMountUsage[]> {
  const found: CacheMountUsage[] = []
  for (const { id, path } of await directories(engine)) {
    const usage = await whileThere(async () => {
      const { birthtime, mtime } = await stat(path)
      const isBusy = isHeld(path)
      return { id, size: await treeSize(path), createdAt: birthtime, lastUsedAt: mtime, isBusy }
    })
    if (usage !== undefined) found.push(usage)
  }
  return found.toSorted((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime())
}

function isHeld(path: string): boolean {
  using lock = tryLockDirectory(path)
  return lock === undefined
}

/** Removes the cache mounts that no build uses. With a time, keeps those used later; with IDs, all others. */
export async function pruneCacheMounts(
  engine: Root,
  {
    unusedSince = Number.POSITIVE_INFINITY,
    ids: wanted,
  }: { readonly unusedSince?: number; readonly ids?: readonly string[] } = {},
): Promise<{ readonly ids: readonly string[]; readonly bytes: number }> {
  const ids: string[] = []
  let bytes = 0
  for (const { id, path } of await directories(engine)) {
    if (wanted?.includes(id) === false) continue
    const size = await whileThere(async () => {
      // A build that waits for the lock then sees another directory.
      using lock = tryLockDirectory(path)
      if (lock === undefined || (await stat(path)).mtimeMs >= unusedSince) return undefined
      const freed = await treeSize(path)
      await removeAside(engine, path)
      return freed
    })
    if (size === undefined) continue
    ids.push(id)
    bytes += size
  }
  return { ids, bytes }
}

async function directories(
  engine: Root,
): Promise<readonly { readonly id: string; readonly path: string }[]> {
  const top = cacheMountsOf(engine)
  const ids = (await whileThere(() => readdir(top))) ?? []
  return ids.map((id) => ({ id, path: `${top}/${id}` }))
}

/** Returns `undefined` if the directory is absent or is removed during `look`. */
async function whileThere<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look()
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
