import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Digest, StrakeError } from '#oci'
import { isMountPoint, isSystemError, makeDirectoriesWithMode, treeCalls } from '#platform'
import { ContainerView, isDirectory, type RootMount } from '#runtime'
import {
  anonymousVolume,
  fillVolume,
  mountVolume,
  type VolumePlaces,
  type VolumeStore,
  type VolumeUser,
} from '#volume'
import type { MountRequest } from '../model/mount-request.ts'

/** A mount as it was made on this machine. */
export interface ResolvedMount extends RootMount {
  /** The type that `inspect` shows. */
  readonly kind: MountRequest['type']
  /** The name of the volume; absent for other mounts. */
  readonly name?: string
  /** The volume is removed with the container. */
  readonly anonymous: boolean
}

export interface ResolveMountsOptions {
  readonly containerId: string
  readonly store: VolumeStore & VolumePlaces
  /** For which volumes are mounted; `releaseVolumes` ends it. */
  readonly user: VolumeUser
  readonly requests: readonly MountRequest[]
  /** Mounts the file system of an image and returns its path, which is valid until the container starts. */
  readonly mountImage: (chainId: Digest) => Promise<string>
}

/** Finds or makes the sources of mounts. Throws `NOT_FOUND` for a missing source. */
export async function resolveMounts(
  options: ResolveMountsOptions,
): Promise<readonly ResolvedMount[]> {
  const mounts: ResolvedMount[] = []
  for (const request of options.requests) mounts.push(await resolveMount(options, request))
  return mounts
}

async function resolveMount(
  options: ResolveMountsOptions,
  request: MountRequest,
): Promise<ResolvedMount> {
  const { type: kind, destination, readOnly, propagation, recursion, subpath } = request
  const shared = { kind, destination, readOnly, propagation, recursion, subpath }
  switch (kind) {
    case 'tmpfs': {
      const memory = { type: 'tmpfs', source: 'tmpfs', options: request.options ?? [] } as const
      return { ...shared, ...memory, anonymous: false, point: 'directory' }
    }
    case 'bind':
      return { ...shared, type: 'bind', ...bindSource(request), anonymous: false }
    case 'volume': {
      const name = request.source ?? anonymousVolume(options.containerId, destination)
      const anonymous = request.source === undefined
      const { labels, driverOptions } = request
      const settings = { name, isAnonymous: anonymous, labels, options: driverOptions }
      const source = await mountVolume(options.store, settings, options.user)
      return { ...shared, type: 'bind', source, name, anonymous, point: 'directory' }
    }
    case 'image': {
      if (request.image === undefined) throw new TypeError('the image is not resolved')
      const source = await options.mountImage(request.image.chainId)
      const brief = { readOnly: true, isBrief: true, anonymous: false } as const
      return { ...shared, type: 'bind', source, ...brief, point: 'directory' }
    }
  }
}

function bindSource(request: MountRequest): Pick<ResolvedMount, 'source' | 'point'> {
  const wanted = request.source ?? ''
  try {
    if (request.createSource) makeDirectoriesWithMode(wanted, 0o755)
  } catch (error) {
    // The source exists and is a file.
    if (!isSystemError(error, 'EEXIST', 'ENOTDIR')) throw error
  }
  try {
    const source = realpathSync(wanted)
    return { source, point: statSync(source).isDirectory() ? 'directory' : 'file' }
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot mount ${wanted}: no such file or directory`, {
      cause,
    })
  }
}

export interface FillVolumesOptions {
  readonly requests: readonly MountRequest[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Fills empty volumes with the directory that the image has in their place. The directory
 * is resolved inside the image's root, so no link of the image leads to files of the host.
 */
export async function fillVolumes(
  rootfs: string,
  mounts: readonly ResolvedMount[],
  { requests, signal }: FillVolumesOptions,
): Promise<void> {
  for (const mount of mounts) {
    if (mount.kind !== 'volume') continue
    const request = requests.find(({ destination }) => destination === mount.destination)
    const isWhole = request?.noCopy !== true && request?.subpath === undefined
    if (isWhole) await fill(rootfs, mount, signal)
  }
}

async function fill(
  rootfs: string,
  mount: ResolvedMount,
  signal: AbortSignal | undefined,
): Promise<void> {
  using view = ContainerView.ofRoot(rootfs)
  const place = view.find(mount.destination)
  if (place?.fd === undefined || !isDirectory(place)) return
  if (isMountPoint(mount.source)) return await fillMounted(place.fd, mount.source, signal)
  const volume = dirname(mount.source)
  await fillVolume({ volume, source: place.fd, name: mount.name ?? '', signal })
}

/**
 * Fills an empty file system that is mounted in place of a volume. The directory of the volume is on
 * another file system, so the files cannot be prepared there and moved.
 */
async function fillMounted(
  source: number,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const data = treeCalls.openRoot(target)
  try {
    if (treeCalls.listDirectory(data).length > 0) return
    const { copyDirectory } = await import('#copy/copy-directory')
    await copyDirectory(source, data, { warn: () => {}, signal })
    const status = treeCalls.entryStatus(source)
    if (status === undefined) return
    treeCalls.setOwner(data, status.uid, status.gid)
    treeCalls.setMode(data, status.mode & 0o7777)
  } catch (error) {
    // A file system that is mounted read-only stays empty, as in Docker.
    if (!isSystemError(error, 'EROFS') && !isSystemError((error as Error).cause, 'EROFS'))
      throw error
  } finally {
    treeCalls.closeDescriptor(data)
  }
}
