import { createHash } from 'node:crypto'
import { chmodSync, chownSync } from 'node:fs'
import { mkdir, mkdtemp, rename, utimes } from 'node:fs/promises'
import { applyLayer, packTree } from '#layer'
import { isSystemError, lockDirectory, pathExists, removeTree, tryLockDirectory } from '#platform'
import type { RootMount } from '#runtime'
import type { CacheMount } from '../model/mounts.ts'
import type { FileState } from '../model/state.ts'
import { inputAt } from '../step/runner.ts'
import { findPlace } from './bind.ts'
import type { MountContext } from './context.ts'
import { fillFromCaches } from './portable-mount.ts'

/**
 * Opens a cache mount: a directory that is kept between builds under its ID. The
 * step locks the directory until its command ends. Steps that share the directory
 * hold the lock together. A step with `locked` or `private` holds it alone.
 */
export async function openCache(
  mount: CacheMount,
  inputs: readonly FileState[],
  context: MountContext,
): Promise<RootMount> {
  const first = `${context.places.cacheMounts}/${cacheMountKey(mount.id)}`
  const directory = await occupy(first, mount, context)
  // The time of the last use, for `builder du` and `builder prune`.
  const now = new Date()
  await utimes(directory, now, now)
  const contents = `${directory}/contents`
  if (!pathExists(contents)) await fill(contents, mount, inputs, context)
  const { target, readOnly } = mount
  return { type: 'bind', source: contents, destination: target, point: 'directory', readOnly }
}

/** The name of the directory of a cache mount. */
export function cacheMountKey(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32)
}

/** Locks the directory of the cache. A private cache that is in use gets another directory. */
async function occupy(
  first: string,
  { sharing }: CacheMount,
  context: MountContext,
): Promise<string> {
  for (let number = 0; ; ) {
    const directory = number === 0 ? first : `${first}.${number}`
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const lock = await lockAs(sharing, directory, context.signal)
    if (lock === 'gone') continue
    if (lock !== undefined) {
      context.stack.use(lock)
      return directory
    }
    number++
  }
}

/**
 * Returns `undefined` when another step has the lock, and `gone` when the directory was
 * removed.
 */
async function lockAs(
  sharing: CacheMount['sharing'],
  directory: string,
  signal: AbortSignal,
): Promise<Disposable | 'gone' | undefined> {
  try {
    if (sharing === 'private') return tryLockDirectory(directory)
    return await lockDirectory(directory, signal, sharing === 'shared' ? 'shared' : 'exclusive')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'gone'
    throw error
  }
}

/** Makes the initial contents of a cache. If two steps do so at once, the first one wins. */
async function fill(
  contents: string,
  mount: CacheMount,
  inputs: readonly FileState[],
  context: MountContext,
): Promise<void> {
  const imported = await mkdtemp(`${contents}.`)
  try {
    const outcome = await fillFromCaches(mount.id, imported, context)
    if (outcome === 'filled') return await keep(imported, contents)
  } catch (error) {
    await removeTree(imported)
    throw error
  }
  await removeTree(imported)
  await fillWithFiles(contents, mount, inputs, context)
}

async function fillWithFiles(
  contents: string,
  { input, source, uid, gid, mode }: CacheMount,
  inputs: readonly FileState[],
  { services, signal }: MountContext,
): Promise<void> {
  const made = await mkdtemp(`${contents}.`)
  try {
    const view =
      input === undefined ? undefined : await services.filesystems.view(inputAt(inputs, input))
    await using _open = view
    if (view !== undefined) {
      await applyLayer(packTree(findPlace(view.root, source).path), made, { signal })
    }
    chownSync(made, uid, gid)
    chmodSync(made, mode)
    await keep(made, contents)
  } catch (error) {
    await removeTree(made)
    throw error
  }
}

async function keep(made: string, contents: string): Promise<void> {
  try {
    await rename(made, contents)
  } catch (error) {
    await removeTree(made)
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST')) throw error
  }
}
