import { readdirSync, statSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isSystemError, pathExists, removeTree, renamePath, temporaryName } from '#platform'
import type { NewEvent, Records, VolumeRecord } from '#records'
import { readDriverOptions } from './driver-options.ts'
import { isVolumeName, makeVolume, volumeData, volumePath } from './place.ts'
import { unmountUnused, useVolume, type VolumePlaces, type VolumeUser } from './use.ts'

/** The part of a store that volumes need. */
export interface VolumeStore {
  /** `$STRAKE_ROOT`. */
  readonly root: string
  readonly records: Pick<Records, 'events' | 'keepRoom' | 'volumes' | 'write'>
}

export interface CreateVolumeOptions {
  /** Default: 64 random hexadecimal digits. */
  readonly name?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  /**
   * Options of the driver. `type`, `device` and `o` are checked, and have an effect when the volume is used; `size`
   * limits it at once.
   */
  readonly options?: Readonly<Record<string, string>> | undefined
  /** Belongs to one container. */
  readonly isAnonymous?: boolean | undefined
}

/** Creates a volume, or returns the one of that name. Throws `INVALID` for a malformed name, a label without a name, and wrong options. */
export async function createVolume(
  store: VolumeStore,
  options: CreateVolumeOptions = {},
): Promise<VolumeRecord> {
  const { name = randomName(), labels = {}, isAnonymous = false } = options
  if (!isVolumeName(name)) {
    const reason = 'only letters, digits, _ . and - are allowed, and the first is a letter or digit'
    throw new StrakeError('INVALID', `Cannot name a volume ${name}: ${reason}`)
  }
  if (Object.hasOwn(labels, '')) {
    throw new StrakeError('INVALID', `Cannot create volume ${name}: a label has no name`)
  }
  const wanted = { name, labels, options: options.options ?? {}, isAnonymous }
  readDriverOptions(name, wanted.options)
  const { records } = store
  if (wanted.options['size'] !== undefined && records.volumes.get(name) === undefined) {
    const { requireQuota } = await import('./quota.ts')
    requireQuota(store, wanted)
  }
  // The directory first: a record without a directory would be a volume that cannot be mounted.
  makeVolume(store, name)
  if (records.volumes.get(name) === undefined) {
    await records.write(() => {
      if (records.volumes.insert(wanted)) records.events.append(volumeEvent('create', name))
    })
    // A volume can fill the disk, and it must be possible to remove it then.
    records.keepRoom()
  }
  const record = getVolume(store, name)
  if (record.options['size'] !== undefined) {
    const { limitVolume } = await import('./quota.ts')
    await limitVolume(store, record)
  }
  return record
}

/** Throws `NOT_FOUND`. */
export function getVolume(store: VolumeStore, name: string): VolumeRecord {
  const found = findVolume(store, name)
  if (found !== undefined) return found
  throw new StrakeError('NOT_FOUND', `Cannot find volume ${name}: there is no such volume`)
}

/** All volumes, sorted by name. A directory without a record is a volume of an earlier version. */
export function listVolumes(store: VolumeStore): readonly VolumeRecord[] {
  const records = new Map(store.records.volumes.list().map((record) => [record.name, record]))
  return namesOf(store)
    .sort()
    .flatMap((name) => records.get(name) ?? findVolume(store, name) ?? [])
}

export interface RemoveVolumeOptions {
  /**
   * Returns the names of the containers that use the volume. Called in the transaction that
   * removes the volume, so that no container can begin to use it in between.
   */
  readonly usersOf: (name: string) => readonly string[]
}

/**
 * Removes a volume with its files. Throws `CONFLICT` when a container uses it, `NOT_FOUND`.
 *
 * The files leave their place in the transaction: a container that is made later gets a
 * new volume, also while the files of the old one are still being deleted.
 */
export async function removeVolume(
  store: VolumeStore & VolumePlaces,
  name: string,
  { usersOf }: RemoveVolumeOptions,
): Promise<void> {
  const { records } = store
  const refuseUsed = (): void => {
    getVolume(store, name)
    const [user] = usersOf(name)
    if (user === undefined) return
    throw new StrakeError(
      'CONFLICT',
      `Cannot remove volume ${name}: volume is in use by container ${user}`,
      {
        remedy: `remove the container first with strake rm ${user}`,
      },
    )
  }
  refuseUsed()
  await refuseMounted(store, name)
  const removed = `${store.root}/volumes/${removedPrefix}${temporaryName()}`
  const putBack = (): void => {
    if (pathExists(removed)) renamePath(removed, volumePath(store, name))
  }
  try {
    await records.write(() => {
      // On a full disk, the transaction is tried again after the reserve was freed.
      putBack()
      refuseUsed()
      renamePath(volumePath(store, name), removed)
      records.volumes.remove(name)
      records.events.append(volumeEvent('destroy', name))
    })
  } catch (error) {
    putBack()
    throw error
  }
  await removeFiles(removed)
}

/** Removes the directory of a volume. An absent one is not an error. */
async function removeFiles(path: string): Promise<void> {
  const { unlimit } = await import('./quota.ts')
  unlimit(path)
  await removeTree(path)
}

/** The directory of a volume whose file system is mounted would be removed with the files in that. */
async function refuseMounted(store: VolumeStore & VolumePlaces, name: string): Promise<void> {
  if (findVolume(store, name) === undefined || (await unmountUnused(store, name))) return
  throw new StrakeError('CONFLICT', `Cannot remove volume ${name}: it is mounted`, {
    remedy: 'wait until the copy of it has ended, or stop its container',
  })
}

/** Names of directories whose volume is removed and whose files are not all gone. No volume has such a name. */
const removedPrefix = '.removed-'

/** Removes what a process that was killed in `removeVolume` left. Returns the number of volumes. */
export async function removeLeftovers({ root }: Pick<VolumeStore, 'root'>): Promise<number> {
  const left = entriesOf(root).filter((name) => name.startsWith(removedPrefix))
  for (const name of left) await removeFiles(`${root}/volumes/${name}`)
  return left.length
}

export interface DropAnonymousOptions {
  /**
   * Whether another container uses the volume. Called in the transaction that removes the record, so
   * that a container that is made at the same time keeps the files.
   */
  readonly isUsed: (name: string) => boolean
}

/**
 * Removes the volume of a container that is being removed, unless another one uses it. An absent
 * volume is not an error.
 */
export async function dropAnonymous(
  store: VolumeStore,
  name: string,
  { isUsed }: DropAnonymousOptions,
): Promise<void> {
  if (!(await forget(store, name, isUsed))) return
  try {
    await removeFiles(volumePath(store, name))
  } catch (error) {
    // Another process has removed it.
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

/** Returns false for a volume that is used. A volume of an earlier version has no record. */
async function forget(
  { records }: VolumeStore,
  name: string,
  isUsed: (name: string) => boolean,
): Promise<boolean> {
  return await records.write(() => {
    if (isUsed(name)) return false
    if (records.volumes.remove(name)) records.events.append(volumeEvent('destroy', name))
    return true
  })
}

export function volumeEvent(action: 'create' | 'destroy', name: string): NewEvent {
  return { type: 'volume', action, actor: name, attributes: { driver: 'local' } }
}

/**
 * Returns the directory to mount in a container. Creates the volume if it is absent, and mounts its
 * file system for `user` if it has one.
 */
export async function mountVolume(
  store: VolumeStore & VolumePlaces,
  options: CreateVolumeOptions,
  user: VolumeUser,
): Promise<string> {
  const record = await createVolume(store, options)
  await useVolume(store, record, user)
  return volumeData(store, record.name)
}

function findVolume(store: VolumeStore, name: string): VolumeRecord | undefined {
  if (!isVolumeName(name)) return undefined
  const status = statSync(volumePath(store, name), { throwIfNoEntry: false })
  if (status === undefined) return undefined
  const createdAt = Math.floor(status.birthtimeMs)
  // Earlier versions kept no record, and gave 64 digits to a volume without a name.
  const isAnonymous = /^[0-9a-f]{64}$/.test(name)
  const unknown = { name, createdAt, labels: {}, options: {}, isAnonymous }
  return store.records.volumes.get(name) ?? unknown
}

function namesOf({ root }: VolumeStore): string[] {
  return entriesOf(root).filter(isVolumeName)
}

function entriesOf(root: string): string[] {
  try {
    return readdirSync(`${root}/volumes`)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

function randomName(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
}
