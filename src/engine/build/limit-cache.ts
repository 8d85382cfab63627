import { mkdir, statfs, writeFile } from 'node:fs/promises'
import { parseSize } from '#dockerfile/size'
import { isStrakeError, StrakeError } from '#oci'
import { isSystemError, readSmallFile } from '#platform'
import { cacheUsage } from '../build-services/cache-usage.ts'
import type { Engine } from '../engine.ts'
import { prunePartOfCache } from '../store/prune.ts'
import { type CacheLimits, selectCache } from '../store/select-cache.ts'

const gigabyte = 1e9

/**
 * The limits of the build cache on a disk of `total` bytes, as in BuildKit: 100 GB and 60 percent of the
 * disk at most, and a fifth of the disk stays free; 10 GB and a tenth of the disk are kept in any case.
 * `$STRAKE_BUILD_CACHE` is another size for the most that is kept, a percentage of the disk, or
 * `unlimited`, for which this returns `undefined`. Throws `INVALID`.
 */
export function cacheLimits(
  env: Readonly<Record<string, string | undefined>>,
  total: number,
): CacheLimits | undefined {
  const text = env['STRAKE_BUILD_CACHE'] || undefined
  if (text === 'unlimited') return undefined
  const most = text === undefined ? Math.min(100 * gigabyte, 0.6 * total) : readSpace(text, total)
  return {
    reservedSpace: Math.min(10 * gigabyte, 0.1 * total, most),
    maxUsedSpace: most,
    minFreeSpace: 0.2 * total,
  }
}

function readSpace(text: string, total: number): number {
  const percent = /^(\d{1,3})%$/.exec(text)?.[1]
  const size = percent === undefined ? parseSize(text) : (total * Number(percent)) / 100
  if (size !== undefined) return size
  throw new StrakeError(
    'INVALID',
    `Cannot use STRAKE_BUILD_CACHE=${text}: expected a size, a percentage of the disk, or unlimited`,
    { remedy: 'set it to a size such as 20GB' },
  )
}

/** Milliseconds between two measurements. Each reads the directories of all cache mounts, which takes a while. */
const usualPause = 3_600_000
const shortPause = 60_000

/**
 * Removes the least recently used entries of the build cache until it is within its limits. What a
 * build uses stays. It measures once an hour, or once a minute on a disk with too little free space.
 */
export async function limitCache(engine: Engine, now: number = Date.now()): Promise<void> {
  try {
    const { bavail, bsize, blocks } = await statfs(engine.root)
    const free = bavail * bsize
    const limits = cacheLimits(engine.env, blocks * bsize)
    if (limits === undefined) return
    const pause = free < (limits.minFreeSpace ?? 0) ? shortPause : usualPause
    const file = `${engine.run}/builds.measured`
    const last = Number(readSmallFile(file, 32) ?? 0)
    if (last <= now && now - last < pause) return
    await mkdir(engine.run, { recursive: true, mode: 0o700 })
    await writeFile(file, String(now))
    const usage = await cacheUsage(engine)
    const wanted = selectCache(usage, { filter: {}, limits, free })
    if (wanted.length > 0) await prunePartOfCache(engine, { filter: {}, limits })
  } catch (error) {
    // The build has succeeded. A disk that is full, or a prune beside this one, is no failure of it.
    if (!isStrakeError(error) && !isSystemError(error)) throw error
  }
}
