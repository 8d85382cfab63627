import { chmodSync, mkdirSync } from 'node:fs'
import { posix } from 'node:path'
import { StrakeError } from '#oci'
import { filesystemType, fileType, treeCalls, typeOf } from '#platform'
import { type KernelFiles, neededFiles, refusalOfPlace, withoutFiles } from '../kernel-places.ts'
import { ContainerView, isDirectory, type MadeEntry, type Place } from './container-view.ts'
import type { Cover } from './cover.ts'
import type { ContainerMount, RootMount } from './mount.ts'
import { openSource } from './mount-source.ts'
import { type LocatedMount, mountNested } from './nested-mounts.ts'
import { givenMode, mountPointMode } from './tmpfs.ts'
import { resolveWorkingDirectory } from './working-directory.ts'

export interface PrepareRootOptions {
  readonly mounts?: readonly RootMount[] | undefined
  /** The working directory, which is created when it is absent. Default: `/`. */
  readonly cwd?: string | undefined
  /**
   * A directory for mounts that contain other mounts. It is created when needed;
   * `releaseMounts` unmounts and removes it.
   */
  readonly nested: string
}

/** A root in which the runtime can start a container. */
export interface PreparedRoot extends Disposable {
  readonly view: ContainerView
  /** In mount order. The destinations have no links. */
  readonly mounts: readonly ContainerMount[]
  /** Without links. */
  readonly cwd: string
  /** The mount points that were created; `removeMountPoints` removes them. */
  readonly mountPoints: readonly MadeEntry[]
}

/**
 * Creates the mount points and the working directory in a root file system, before a process of the
 * image runs. Resolves them as a process in the container would. The runtime gets paths without
 * links, and no path that another container can change: `mountNested` makes the mounts inside
 * volumes and bind mounts.
 *
 * Throws `INVALID` when `/dev`, `/proc` or `/sys` is not a directory, when a mount point has the
 * wrong kind or is in `/proc`, when a mount at `/dev` or `/proc` lacks the files of the kernel, or when the working directory is a file or is in `/proc`.
 */
export function prepareRoot(root: string, options: PrepareRootOptions): PreparedRoot {
  const view = ContainerView.ofRoot(root)
  try {
    const kernel = makeKernelDirectories(root)
    const located = locateMounts(view, options)
    const mountPoints = [...kernel, ...view.made]
    const mounts = mountNested(located, options.nested)
    const cwd = resolveWorkingDirectory(view, options.cwd ?? '/', 'make')
    return { view, mounts, cwd, mountPoints, [Symbol.dispose]: () => view[Symbol.dispose]() }
  } catch (error) {
    view[Symbol.dispose]()
    throw error
  }
}

/** The runtime mounts on them by path, so none may be a link. */
function makeKernelDirectories(root: string): readonly MadeEntry[] {
  using view = ContainerView.ofDirectory(root)
  for (const path of ['/dev', '/proc', '/sys']) {
    const place = view.make(path, 'directory')
    if (place.path === path && isDirectory(place)) continue
    throw new StrakeError(
      'INVALID',
      `Cannot start the container: ${path} of the image is not a directory`,
    )
  }
  return view.made
}

function locateMounts(
  view: ContainerView,
  { mounts = [], nested }: PrepareRootOptions,
): readonly LocatedMount[] {
  const located = new Map<Cover, LocatedMount>()
  const add = (mount: RootMount, place: Place, cover: Cover): void => {
    const parent = place.cover && located.get(place.cover)
    located.set(cover, { mount: { ...mount, destination: place.path }, cover, parent })
    view.cover(place.path, cover)
  }
  for (const each of [...mounts].sort(byDepth)) {
    const { mount, cover } = openSource(each, view)
    const place = makeMountPoint(view, mount)
    requireKernelFiles(mount, place, cover)
    const carrier = modeCarrier(mount, place, nested)
    if (carrier !== undefined) add(carrier, place, openSource(carrier, view).cover)
    add(mount, place, cover)
  }
  return [...located.values()]
}

function byDepth(one: RootMount, other: RootMount): number {
  return depth(one.destination) - depth(other.destination)
}

function depth(path: string): number {
  return path.split('/').filter((part) => part !== '').length
}

function makeMountPoint(view: ContainerView, mount: RootMount): Place {
  const { destination, point } = mount
  if (posix.normalize(`/${destination}`) === '/') {
    throw new StrakeError('INVALID', 'Cannot mount at /: it is the root of the container')
  }
  const place = view.make(destination, point, mountPointMode(mount))
  const refusal = refusalOfPlace(place.path, point)
  if (refusal !== undefined) {
    throw new StrakeError('INVALID', `Cannot mount at ${destination}: ${refusal}`)
  }
  if (place.status === undefined || isDirectory(place) === (point === 'directory')) return place
  const [there, wanted] = point === 'file' ? ['directory', 'file'] : ['file', 'directory']
  throw new StrakeError(
    'INVALID',
    `Cannot mount ${wanted} ${mount.source} at ${destination}: there is a ${there}`,
  )
}

/** Throws `INVALID` if the mount lacks the files of the kernel that runtimes need at this place. */
function requireKernelFiles({ destination }: RootMount, place: Place, cover: Cover): void {
  const needed = neededFiles(place.path)
  if (needed === undefined || (cover.type === 'tree' && hasKernelFiles(cover.fd, needed))) return
  const reason = withoutFiles[needed]
  throw new StrakeError('INVALID', `Cannot mount at ${destination}: ${reason}`)
}

function hasKernelFiles(directory: number, needed: KernelFiles): boolean {
  if (needed === 'processes') return filesystemType(`/proc/self/fd/${directory}`) === 'proc'
  const status = treeCalls.entryStatus(directory, Buffer.from('null'))
  return status !== undefined && typeOf(status.mode) === fileType.character
}

/**
 * runc before 1.2 gives a memory file system the mode of its mount point, even when the user
 * requests another mode. So an empty directory of that mode is mounted there first.
 */
function modeCarrier(mount: RootMount, place: Place, directory: string): RootMount | undefined {
  const mode = mount.type === 'tmpfs' ? givenMode(mount) : undefined
  if (mode === undefined || place.status === undefined) return undefined
  if ((place.status.mode & 0o7777) === mode) return undefined
  const source = `${directory}/mode-${mode.toString(8)}`
  mkdirSync(source, { recursive: true, mode: 0o700 })
  chmodSync(source, mode)
  return { type: 'bind', source, destination: mount.destination, point: 'directory' }
}
