import { readdirSync, statSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isSystemError, lockDirectory, removeTree } from '#platform'
import type { NewEvent, Records, VolumeRecord } from '#records'
import { isVolumeName, makeVolume, volumeData, volumePath } from './place.ts'

/** The part of a store that volumes need. */
export interface VolumeStore {
  /** `$STRAKE_ROOT`. */
  readonly root: string
  readonly records: Pick<Records, 'events' | 'volumes' | 'write'>
}

export interface CreateVolumeOptions {
  /** Default: 64 random hexadecimal digits. */
  readonly name?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Options of the driver. They are kept and shown, and have no effect. */
  readonly options?: Readonly<Record<string, string>> | undefined
  /** Belongs to one container. */
  readonly isAnonymous?: boolean | undefined
}

/** Creates a volume, or returns the one of that name. Throws `INVALID` for a malformed name. */
export async function createVolume(
  store: VolumeStore,
  options: CreateVolumeOptions = {},
): Promise<VolumeRecord> {
  const { name = randomName(), labels = {}, isAnonymous = false } = options
  if (!isVolumeName(name)) {
    const reason = 'only letters, digits, _ . and - are allowed, and the first is a letter or digit'
    throw new StrakeError('INVALID', `Cannot name a volume ${name}: ${reason}`)
  }
  // The directory first: a record without one would be a volume that cannot be mounted.
  makeVolume(store, name)
  const { records } = store
  const record = { name, labels, options: options.options ?? {}, isAnonymous }
  if (records.volumes.get(name) === undefined) {
    await records.write(() => {
      if (records.volumes.insert(record)) records.events.append(volumeEvent('create', name))
    })
  }
  return getVolume(store, name)
}

/** Throws `NOT_FOUND`. */
export function getVolume(store: VolumeStore, name: string): VolumeRecord {
  const found = findVolume(store, name)
  if (found !== undefined) return found
  throw new StrakeError('NOT_FOUND', `Cannot find volume ${name}: there is none`)
}

/** Every volume, by name. A directory without a record is a volume of an earlier version. */
export function listVolumes(store: VolumeStore): readonly VolumeRecord[] {
  const records = new Map(store.records.volumes.list().map((record) => [record.name, record]))
  return namesOf(store)
    .sort()
    .flatMap((name) => records.get(name) ?? findVolume(store, name) ?? [])
}

export interface RemoveVolumeOptions {
  /** Names of the containers that use the volume. */
  readonly users: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** Removes a volume with its files. Throws `CONFLICT` when a container uses it, `NOT_FOUND`. */
export async function removeVolume(
  store: VolumeStore,
  name: string,
  { users, signal }: RemoveVolumeOptions,
): Promise<void> {
  getVolume(store, name)
  const [user] = users
  if (user !== undefined) {
    throw new StrakeError('CONFLICT', `Cannot remove volume ${name}: container ${user} uses it`, {
      remedy: `remove the container first with strake rm ${user}`,
    })
  }
  using _lock = await lockDirectory(volumePath(store, name), signal)
  await forget(store, name)
  await removeTree(volumePath(store, name))
}

/** Removes the volume of a container that is removed itself. An absent volume is no error. */
export async function dropAnonymous(store: VolumeStore, name: string): Promise<void> {
  await forget(store, name)
  try {
    await removeTree(volumePath(store, name))
  } catch (error) {
    // Another process removes it too.
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

/** A volume of an earlier version has no record. */
async function forget({ records }: VolumeStore, name: string): Promise<void> {
  await records.write(() => {
    if (records.volumes.remove(name)) records.events.append(volumeEvent('destroy', name))
  })
}

export function volumeEvent(action: 'create' | 'destroy', name: string): NewEvent {
  return { type: 'volume', action, actor: name, attributes: { driver: 'local' } }
}

/** The directory to mount for a container. The volume is created when there is none. */
export async function mountVolume(
  store: VolumeStore,
  options: CreateVolumeOptions,
): Promise<string> {
  return volumeData(store, (await createVolume(store, options)).name)
}

function findVolume(store: VolumeStore, name: string): VolumeRecord | undefined {
  if (!isVolumeName(name)) return undefined
  const status = statSync(volumePath(store, name), { throwIfNoEntry: false })
  if (status === undefined) return undefined
  const createdAt = Math.floor(status.birthtimeMs)
  const unknown = { name, createdAt, labels: {}, options: {}, isAnonymous: false }
  return store.records.volumes.get(name) ?? unknown
}

function namesOf({ root }: VolumeStore): string[] {
  try {
    return readdirSync(`${root}/volumes`).filter(isVolumeName)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

function randomName(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
}
