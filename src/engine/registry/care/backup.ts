import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type DirectoryStore, openDirectoryStore } from '#content'
import { contentOfSnapshot, snapshotSqliteFacts } from '#facts'
import { type Descriptor, type Digest, isDigest, StrakeError } from '#oci'
import {
  ignoreAbsent,
  isSystemError,
  snapshotDatabase,
  syncFilesystem,
  temporaryName,
  tryLockDirectory,
} from '#platform'
import type { RegistryFiles } from './registry-files.ts'

export interface BackupOptions {
  /** Copies blobs also on the same file system, where hard links would do. */
  readonly copies?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface BackupReport {
  readonly blobs: number
  readonly bytes: number
  /** Blobs that the backup did not have yet. */
  readonly added: number
  /** Blobs that left the backup, because the registry does not hold them any more. */
  readonly removed: number
  /** What the registry itself has lost. */
  readonly absent: readonly Digest[]
}

type Blob = Pick<Descriptor, 'digest' | 'size'>

/** The most copies of the facts, until one names no content that a collection has taken meanwhile. */
const mostTries = 5

/** A registry that is backed up. */
export interface BackupSource {
  /** Writes the facts as they are at one moment into a file, which is absent. */
  readonly takeFacts: (to: string) => void | Promise<void>
  /** Brings a blob into a store, unless it is there. */
  readonly keep: (
    blob: Blob,
    store: DirectoryStore,
    options: BackupOptions,
  ) => Promise<'kept' | 'added' | 'absent'>
  /** Each writes into a file that is absent, and returns false if there is nothing to write. */
  readonly takeUsers: (to: string) => Promise<boolean>
  readonly takeKey: (to: string) => Promise<boolean>
  readonly takeTokens: (to: string) => Promise<boolean>
}

/** The source for a registry of this machine. */
export function sourceOfFiles(files: RegistryFiles): BackupSource {
  const { users } = files
  return {
    takeFacts: (to) => snapshotSqliteFacts(files.facts, to),
    keep: ({ digest, size }, store, { copies }) =>
      keepFile(files.pathOf(digest), store.pathOf(digest), { size, copies }),
    takeUsers: (to) => copyIfThere(users.htpasswd, to),
    takeKey: (to) => copyIfThere(users.key, to),
    async takeTokens(to) {
      if ((await stat(users.tokens).catch(ignoreAbsent)) === undefined) return false
      snapshotDatabase(users.tokens, to)
      return true
    },
  }
}

/**
 * Writes a registry as it is at one moment into a directory, while servers run. An earlier backup
 * there is brought up to date: only new blobs are linked or copied. The facts are replaced when all
 * their blobs are there, so a backup that breaks off leaves the earlier one whole.
 */
export async function backUp(
  source: BackupSource,
  directory: string,
  options: BackupOptions = {},
): Promise<BackupReport> {
  const store = await openDirectoryStore(directory)
  using _lock = lock(directory)
  const facts = join(directory, 'repositories')
  const auth = join(directory, 'registry-auth')
  for (const each of [facts, auth]) {
    await mkdir(each, { recursive: true, mode: 0o700 })
    await removeTemporary(each)
  }
  await store.sweep(0)
  let [added, before] = [0, -1]
  for (let tries = 1; ; tries += 1) {
    const taken = join(facts, temporaryName())
    await source.takeFacts(taken)
    const held = contentOfSnapshot(taken)
    await refuseToEmpty(directory, held)
    const absent: Digest[] = []
    for (const blob of held) {
      options.signal?.throwIfAborted()
      const outcome = await source.keep(blob, store, options)
      if (outcome === 'absent') absent.push(blob.digest)
      if (outcome === 'added') added += 1
    }
    // Content that is absent twice is lost, and not collected meanwhile.
    if (absent.length > 0 && absent.length !== before && tries < mostTries) {
      before = absent.length
      await unlink(taken)
      continue
    }
    await syncFilesystem(directory)
    await replaceFacts(facts, taken)
    await backUpUsers(source, auth)
    const removed = await removeOthers(directory, held)
    const bytes = held.reduce((sum, { size }) => sum + size, 0)
    return { blobs: held.length - absent.length, bytes, added, removed, absent }
  }
}

/** A registry that has lost everything must not take its backup along. */
async function refuseToEmpty(directory: string, held: readonly Blob[]): Promise<void> {
  if (held.length > 0) return
  for (const algorithm of await readdir(join(directory, 'blobs'))) {
    const names = await readdir(join(directory, 'blobs', algorithm))
    if (names.length === 0) continue
    const message = `Cannot back up into ${directory}: the registry holds nothing, and this backup has content`
    throw new StrakeError('CONFLICT', message, {
      remedy:
        'look whether it is the right registry; to back up an empty one, name a new directory',
    })
  }
}

/** Two backups into one directory would remove what the other has added. */
function lock(directory: string): Disposable {
  const held = tryLockDirectory(directory)
  if (held !== undefined) return held
  throw new StrakeError('CONFLICT', `Cannot back up into ${directory}: another backup is running`, {
    remedy: 'wait for its end, or name another directory',
  })
}

/** Removes what a killed backup has left. */
async function removeTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (/\.tmp(?:\.part)?(?:-wal|-shm)?$/.test(name))
      await rm(join(directory, name), { force: true })
  }
}

async function keepFile(
  from: string,
  to: string,
  { size, copies }: { readonly size: number; readonly copies?: boolean | undefined },
): Promise<'kept' | 'added' | 'absent'> {
  const found = await stat(to).catch(ignoreAbsent)
  if (found?.size === size) return 'kept'
  if (found !== undefined) await unlink(to)
  await mkdir(join(to, '..'), { recursive: true, mode: 0o700 })
  try {
    if (copies !== true) {
      await link(from, to)
      return 'added'
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'absent'
    if (!isSystemError(error, 'EXDEV', 'EMLINK', 'EPERM')) throw error
  }
  const part = `${to}.${temporaryName()}`
  try {
    await copyFile(from, part, constants.COPYFILE_FICLONE)
    await sync(part)
    await rename(part, to)
    return 'added'
  } catch (error) {
    await rm(part, { force: true })
    if (isSystemError(error, 'ENOENT')) return 'absent'
    throw error
  }
}

async function replaceFacts(facts: string, taken: string): Promise<void> {
  await sync(taken)
  // A log of an earlier copy does not belong to this one.
  for (const log of ['-wal', '-shm']) {
    for (const path of [join(facts, '_facts.db'), taken]) await rm(`${path}${log}`, { force: true })
  }
  await rename(taken, join(facts, '_facts.db'))
  await sync(facts)
}

/** Users, tokens and the key that signs tokens. */
async function backUpUsers(source: BackupSource, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  const copies = [
    [source.takeUsers, 'htpasswd'],
    [source.takeKey, 'signing-key.json'],
    [source.takeTokens, 'tokens.db'],
  ] as const
  for (const [take, name] of copies) {
    const part = join(to, temporaryName())
    if (await take(part)) await rename(part, join(to, name))
  }
}

/** Copies a file to a path that is absent. Returns false if the file is absent. */
export async function copyIfThere(from: string, to: string): Promise<boolean> {
  return (await copyFile(from, to).then(() => true, ignoreAbsent)) === true
}

/** Removes blobs that no repository holds any more. */
async function removeOthers(directory: string, held: readonly Blob[]): Promise<number> {
  const wanted = new Set<string>(held.map(({ digest }) => digest))
  let removed = 0
  for (const algorithm of await readdir(join(directory, 'blobs'))) {
    for (const hex of await readdir(join(directory, 'blobs', algorithm))) {
      const digest = `${algorithm}:${hex}`
      if (isDigest(digest) && wanted.has(digest)) continue
      await unlink(join(directory, 'blobs', algorithm, hex))
      removed += 1
    }
  }
  return removed
}

async function sync(path: string): Promise<void> {
  await using file = await open(path)
  await file.sync()
}
