import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import {
  type Filesystem,
  isAlive,
  isMountPoint,
  isSystemError,
  lockDirectory,
  mountFilesystem,
  ownIdentity,
  type ProcessIdentity,
  unmount,
} from '#platform'
import type { VolumeRecord } from '#records'
import { readDriverOptions } from './driver-options.ts'
import { isVolumeName, volumeData, volumePath } from './place.ts'

/** Where volumes are, and where the users of mounted ones are noted. */
export interface VolumePlaces {
  /** `$STRAKE_ROOT`. */
  readonly root: string
  /** `$STRAKE_RUN`, which is empty after a reboot, as the mounts are gone then. */
  readonly run: string
}

/** What uses a volume: a container, by its ID, or this process until it releases it or ends. */
export type VolumeUser =
  | { readonly container: string }
  | { readonly process: ProcessIdentity; readonly use: string }

/** This process as a user, for one use. */
export function ownUser(): VolumeUser {
  return { process: ownIdentity(), use: crypto.randomUUID() }
}

/**
 * Mounts the file system of a volume with driver options for a user, unless it is mounted, or limits its
 * size. Does nothing for a volume without options. `releaseVolumes` undoes it. Throws `UNAVAILABLE` with the
 * reason of the kernel.
 */
export async function useVolume(
  places: VolumePlaces,
  { name, options }: Pick<VolumeRecord, 'name' | 'options'>,
  user: VolumeUser,
): Promise<void> {
  const filesystem = readDriverOptions(name, options)
  if (filesystem === undefined) {
    if (options['size'] === undefined) return
    const { limitVolume } = await import('./quota.ts')
    await limitVolume(places, { name, options })
    return
  }
  using _lock = await lockDirectory(volumePath(places, name))
  const data = volumeData(places, name)
  if (!isMountPoint(data)) await mount(name, data, filesystem)
  mkdirSync(usersOf(places, name), { recursive: true, mode: 0o700 })
  writeFileSync(`${usersOf(places, name)}/${fileOf(user)}`, JSON.stringify(user))
}

/** Ends every use of volumes by a user. A file system that nothing else uses is unmounted. */
export async function releaseVolumes(places: VolumePlaces, user: VolumeUser): Promise<void> {
  for (const name of namesIn(`${places.run}/volumes`).filter(isVolumeName)) {
    if (!namesIn(usersOf(places, name)).includes(fileOf(user))) continue
    await unmountUnused(places, name, user)
  }
}

/** Unmounts what killed processes have left mounted. Returns the number of volumes. */
export async function releaseAbandoned(places: VolumePlaces): Promise<number> {
  let count = 0
  for (const name of namesIn(`${places.run}/volumes`).filter(isVolumeName)) {
    if (await unmountUnused(places, name)) count += 1
  }
  return count
}

/**
 * Unmounts the file system of a volume unless something uses it; processes that were killed do not
 * count. Returns whether it is unmounted now.
 */
export async function unmountUnused(
  places: VolumePlaces,
  name: string,
  without?: VolumeUser,
): Promise<boolean> {
  const directory = usersOf(places, name)
  using _lock = await lockDirectory(volumePath(places, name)).catch((error: unknown) => {
    // The volume is removed, and its mount with it.
    if (isSystemError(error, 'ENOENT')) return { [Symbol.dispose]: () => {} }
    throw error
  })
  if (without !== undefined) rmSync(`${directory}/${fileOf(without)}`, { force: true })
  for (const file of namesIn(directory)) {
    const process = processIn(`${directory}/${file}`)
    if (process !== undefined && !isAlive(process)) rmSync(`${directory}/${file}`, { force: true })
  }
  if (namesIn(directory).length > 0) return false
  const data = volumeData(places, name)
  // A use that ended without a note, in a crash, has left a mount upon a mount at most.
  while (isMountPoint(data)) if (!unmount(data, { detach: true })) break
  removeEmpty(directory)
  return true
}

async function mount(name: string, data: string, filesystem: Filesystem): Promise<void> {
  const options = await withAddresses(filesystem)
  try {
    mountFilesystem(data, { ...filesystem, options })
  } catch (cause) {
    if (!(cause instanceof Error) || !isSystemError(cause)) throw cause
    const { type, device } = filesystem
    const reason = cause.message.replace(/^\w+: /, '').replace(/, \w+( '.*')?$/s, '')
    const message = `Cannot mount volume ${name}: ${device} of type ${type}: ${reason}`
    throw new StrakeError('UNAVAILABLE', message, {
      cause,
      remedy: `check the options with strake volume inspect ${name}`,
    })
  }
}

/** The kernel wants an address where users write the name of a server. */
async function withAddresses({ type, options }: Filesystem): Promise<readonly string[]> {
  if (!/^(nfs|cifs|smb3)/.test(type)) return options
  const { lookup } = process.getBuiltinModule('dns/promises')
  return await Promise.all(
    options.map(async (option) => {
      if (!option.startsWith('addr=')) return option
      const host = option.slice('addr='.length)
      try {
        return `addr=${(await lookup(host)).address}`
      } catch (cause) {
        throw new StrakeError('UNAVAILABLE', `Cannot find the server ${host} of a volume`, {
          cause,
        })
      }
    }),
  )
}

function usersOf({ run }: VolumePlaces, name: string): string {
  return `${run}/volumes/${name}`
}

function fileOf(user: VolumeUser): string {
  return 'container' in user ? `container-${user.container}` : `process-${user.use}`
}

function processIn(path: string): ProcessIdentity | undefined {
  try {
    const user: Partial<{ readonly process: ProcessIdentity }> = JSON.parse(
      readFileSync(path, 'utf8'),
    )
    return user.process
  } catch {
    return undefined
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTEMPTY')) throw error
  }
}
