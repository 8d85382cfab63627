import { constants } from 'node:fs'
import { access, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { openDirectoryStore } from '#content'
import { contentOfSnapshot } from '#facts'
import { type Digest, StrakeError } from '#oci'
import {
  ignoreAbsent,
  lockDirectory,
  syncFilesystem,
  temporaryName,
  tryLockDirectory,
} from '#platform'
import { blobProblem } from '../../content/check-blob.ts'

export interface RestoreReport {
  readonly blobs: number
  readonly bytes: number
  /** Content that the backup does not have, or not intact. */
  readonly faulty: readonly Digest[]
}

/** Returns the file with the facts of a backup. Throws `NOT_FOUND` for a directory that is none. */
export async function factsOfBackup(backup: string): Promise<string> {
  const facts = join(backup, 'repositories', '_facts.db')
  if ((await stat(facts).catch(ignoreAbsent)) !== undefined) return facts
  throw new StrakeError('NOT_FOUND', `Cannot restore ${backup}: it is not a backup of a registry`)
}

/**
 * Makes the storage of a registry from a backup. Every blob is copied and proved. The storage appears
 * under its name when it is complete. Throws `CONFLICT` if the name is taken.
 */
export async function restoreBackup(
  backup: string,
  storage: string,
  signal?: AbortSignal,
): Promise<RestoreReport> {
  await factsOfBackup(backup)
  const target = resolve(storage)
  const present = await readdir(target).catch(ignoreAbsent)
  if (present !== undefined && present.length > 0) {
    throw new StrakeError('CONFLICT', `Cannot restore into ${storage}: it is not empty`, {
      remedy: 'name a new directory',
    })
  }
  await mkdir(dirname(target), { recursive: true })
  await removeUnfinished(target)
  const made = join(dirname(target), `.${basename(target)}.${temporaryName()}`)
  await mkdir(made, { mode: 0o700 })
  using _lock = await lockDirectory(made, signal)
  try {
    const report = await fill(backup, made, signal)
    await syncFilesystem(made)
    // An empty directory is replaced, and any other one is not.
    await rename(made, target)
    return report
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    throw error
  }
}

/** Removes what killed restores have left. One that runs holds the lock of its directory. */
async function removeUnfinished(target: string): Promise<void> {
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(`.${basename(target)}.`) || !name.endsWith('.tmp')) continue
    const left = join(dirname(target), name)
    using held = tryLockDirectory(left)
    if (held !== undefined) await rm(left, { recursive: true, force: true })
  }
}

async function fill(
  backup: string,
  made: string,
  signal: AbortSignal | undefined,
): Promise<RestoreReport> {
  const store = await openDirectoryStore(made)
  await mkdir(join(made, 'repositories'), { mode: 0o700 })
  const facts = join(made, 'repositories', '_facts.db')
  await copyFile(join(backup, 'repositories', '_facts.db'), facts)
  const from = await openDirectoryStore(backup)
  const held = contentOfSnapshot(facts)
  const faulty: Digest[] = []
  let bytes = 0
  for (const { digest, size } of held) {
    signal?.throwIfAborted()
    const path = store.pathOf(digest)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const isThere = await access(from.pathOf(digest)).then(() => true, ignoreAbsent)
    if (isThere === true) await copyFile(from.pathOf(digest), path, constants.COPYFILE_FICLONE)
    if (isThere === true && (await blobProblem(path, digest)) === undefined) bytes += size
    else {
      faulty.push(digest)
      await rm(path, { force: true })
    }
  }
  await copyUsers(join(backup, 'registry-auth'), join(made, 'registry-auth'))
  return { blobs: held.length - faulty.length, bytes, faulty }
}

async function copyUsers(from: string, to: string): Promise<void> {
  const names = (await readdir(from).catch(ignoreAbsent)) ?? []
  if (names.length === 0) return
  await mkdir(to, { mode: 0o700 })
  for (const name of names) await copyFile(join(from, name), join(to, name))
}
