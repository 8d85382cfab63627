import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { sha256 } from '#oci'
import { ignoreAbsent, isSystemError, mkdtempDisposable, tryLockDirectory } from '#platform'
import { ownedName } from '#snapshot'
import { scratchOf } from '../begin-work.ts'
import { removeAside } from '../build-services/cache-files.ts'
import type { Engine } from '../engine.ts'

/** A directory for files that a client sends. No other build uses it until it is disposed. */
export interface KeptDirectory extends AsyncDisposable {
  readonly path: string
  /** Notes how large the files in it are. */
  noteSize(bytes: number): void
}

/** Bounds of all kept directories of a store. */
export interface KeptLimits {
  readonly bytes: number
  readonly count: number
  /** Milliseconds since the last use. */
  readonly age: number
}

const day = 24 * 60 * 60 * 1000
const defaultLimits: KeptLimits = { bytes: 10 * 1024 ** 3, count: 100, age: 7 * day }

/** Returns the place of the directories that are kept for later builds. */
export function keptDirectoriesOf({ root }: Pick<Engine, 'root'>): string {
  return `${root}/received`
}

/**
 * Opens the directory of a key: it has the files of the last build with this key, so that only
 * changed files travel. While another build uses it, and without a key, the directory is a new one
 * that is removed afterwards.
 */
export async function openKeptDirectory(
  engine: Engine,
  key: string,
  limits: KeptLimits = defaultLimits,
): Promise<KeptDirectory> {
  const kept = key === '' ? undefined : await lockKept(engine, key)
  if (kept === undefined) {
    const parent = scratchOf(engine)
    await mkdir(parent, { recursive: true, mode: 0o700 })
    // The next build removes a directory with this name after this process was killed.
    const { path, ...rest } = await mkdtempDisposable(parent, `${ownedName('build')}.`)
    return { path, ...rest, noteSize: () => {} }
  }
  const { place, lock } = kept
  let size: number | undefined
  return {
    path: `${place}/files`,
    noteSize(bytes) {
      size = bytes
    },
    async [Symbol.asyncDispose]() {
      using _lock = lock
      if (size !== undefined) await writeFile(`${place}/size`, String(size), { mode: 0o600 })
      const now = new Date()
      await utimes(place, now, now)
      await removeBeyond(engine, limits)
    },
  }
}

async function lockKept(
  engine: Engine,
  key: string,
): Promise<{ readonly place: string; readonly lock: Disposable } | undefined> {
  const id = sha256(new TextEncoder().encode(key)).slice('sha256:'.length, 'sha256:'.length + 32)
  const place = `${keptDirectoriesOf(engine)}/${id}`
  for (;;) {
    await mkdir(place, { recursive: true, mode: 0o700 })
    try {
      const lock = tryLockDirectory(place)
      if (lock === undefined) return undefined
      await mkdir(`${place}/files`, { recursive: true, mode: 0o700 })
      return { place, lock }
    } catch (error) {
      // Another process has removed it since.
      if (!isSystemError(error, 'ENOENT')) throw error
    }
  }
}

/** One kept directory. */
interface Kept {
  readonly place: string
  readonly lastUsed: number
  /** Of its files; 0 if unknown. */
  readonly size: number
}

/** Returns the kept directories, the last used one first. */
export async function listKept(engine: Pick<Engine, 'root'>): Promise<readonly Kept[]> {
  const top = keptDirectoriesOf(engine)
  const names = (await readdir(top).catch(ignoreAbsent)) ?? []
  const found: Kept[] = []
  for (const name of names) {
    const place = `${top}/${name}`
    const status = await stat(place).catch(ignoreAbsent)
    if (status === undefined) continue
    const size = Number((await readFile(`${place}/size`, 'utf8').catch(ignoreAbsent)) ?? 0)
    found.push({ place, lastUsed: status.mtimeMs, size: Number.isSafeInteger(size) ? size : 0 })
  }
  return found.toSorted((a, b) => b.lastUsed - a.lastUsed)
}

/** Removes what is beyond the limits, the longest unused first. What a build uses stays. */
async function removeBeyond(engine: Engine, limits: KeptLimits): Promise<void> {
  const oldest = Date.now() - limits.age
  let [bytes, count] = [0, 0]
  for (const kept of await listKept(engine)) {
    const isWithin =
      kept.lastUsed >= oldest && count < limits.count && bytes + kept.size <= limits.bytes
    if (isWithin || !(await remove(engine, kept))) {
      bytes += kept.size
      count += 1
    }
  }
}

/** Removes kept directories that no build uses. Returns their bytes. */
export async function pruneKept(
  engine: Pick<Engine, 'root'>,
  { unusedSince = Number.POSITIVE_INFINITY }: { readonly unusedSince?: number } = {},
): Promise<number> {
  let bytes = 0
  for (const kept of await listKept(engine)) {
    if (kept.lastUsed < unusedSince && (await remove(engine, kept))) bytes += kept.size
  }
  return bytes
}

/** Returns false while a build uses it. */
async function remove(engine: Pick<Engine, 'root'>, { place }: Kept): Promise<boolean> {
  try {
    using lock = tryLockDirectory(place)
    if (lock === undefined) return false
    await removeAside(engine, place)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  return true
}
