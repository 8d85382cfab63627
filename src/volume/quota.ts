import { StrakeError } from '#oci'
import { fileType, isSystemError, lockDirectory, pathExists, treeCalls, typeOf } from '#platform'
import {
  hasProjectQuota,
  limitProject,
  projectOf,
  projectUse,
  setProject,
} from '#platform/kernel/project-quota'
import type { VolumeRecord } from '#records'
import { readQuota } from './driver-options.ts'
import { volumePath } from './place.ts'

/**
 * The size of a volume, limited by the file system. The directory of the volume is a project of its own: so are
 * `_data` and everything below it, because the kernel gives a new file the project of its directory. The number of the
 * project is on the directory only, so it lasts as long as the files.
 */

type Limited = Pick<VolumeRecord, 'name' | 'options'>

/** Refuses a size that the file system of the store cannot limit, before anything is made. Throws `INVALID`. */
export function requireQuota({ root }: { readonly root: string }, volume: Limited): void {
  if (readQuota(volume.name, volume.options) === 0) return
  const above = `${root}/volumes`
  withDirectory(pathExists(above) ? above : root, (fd) => {
    try {
      if (hasProjectQuota(fd)) limitProject(fd, freeProject(fd), 0)
      else throw withoutQuota(root, volume)
    } catch (error) {
      // Without the rights of root outside of user namespaces, there is no quota either.
      throw isSystemError(error, 'EPERM', 'EINVAL') ? withoutQuota(root, volume) : error
    }
    const project = projectOf(fd)
    if (project !== 0) throw insideProject(volume, project)
  })
}

/**
 * Limits a volume to the size in its options. Does nothing without one, and when it is limited already. The files of a
 * store that was copied to another file system are in no project; they are counted again.
 */
export async function limitVolume(
  places: { readonly root: string },
  volume: Limited,
): Promise<void> {
  const size = readQuota(volume.name, volume.options)
  if (size === 0) return
  const path = volumePath(places, volume.name)
  using _lock = await lockDirectory(path)
  withDirectory(path, (directory) => {
    withDirectory(`${path}/_data`, (data) => {
      const present = projectOf(directory)
      const isLimited = present !== 0 && projectOf(data) === present
      if (isLimited && projectUse(directory, present).limit >= size) return
      requireQuota(places, volume)
      const project = present === 0 ? freeProject(directory) : present
      limitProject(directory, project, size)
      setProject(directory, project, 'directory')
      if (isLimited) return
      // A process that is killed in between leaves `_data` without a project, and the next call begins again.
      moveBelow(data, project)
      setProject(data, project, 'directory')
    })
  })
}

/** Gives the project of a volume that is being removed back. Its files may still be there, without a limit. */
export function unlimit(path: string): void {
  try {
    withDirectory(path, (fd) => {
      const project = projectOf(fd)
      if (project >= firstProject && hasProjectQuota(fd)) limitProject(fd, project, 0)
    })
  } catch (error) {
    // Another process has removed it.
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

/** Docker counts from 1, Kubernetes from 1048577, and people use small numbers. */
const firstProject = 0x4000_0000
const projects = 0x3fff_ffff

/** Returns a project that has no files and no limit. By chance, so that two stores do not take the same one. */
function freeProject(fd: number): number {
  for (;;) {
    const [chance = 0] = crypto.getRandomValues(new Uint32Array(1))
    const project = firstProject + (chance % projects)
    const { limit, files } = projectUse(fd, project)
    if (limit === 0 && files === 0) return project
  }
}

const kinds: Readonly<Record<number, 'directory' | 'file'>> = {
  [fileType.directory]: 'directory',
  [fileType.regular]: 'file',
}

/** The files of an open directory, and those below it. Devices and links have no project of their own. */
function moveBelow(dir: number, project: number): void {
  for (const { name } of treeCalls.listDirectory(dir)) {
    const place = treeCalls.openPlace(dir, name)
    if (place === undefined) continue
    try {
      const type = kinds[typeOf(treeCalls.entryStatus(place)?.mode ?? 0)]
      if (type === undefined) continue
      const fd = treeCalls.openFound(place)
      try {
        setProject(fd, project, type)
        if (type === 'directory') moveBelow(fd, project)
      } finally {
        treeCalls.closeDescriptor(fd)
      }
    } finally {
      treeCalls.closeDescriptor(place)
    }
  }
}

/** The kernel refuses to rename the directory of a volume in a directory that is in another project. */
function insideProject({ name }: Limited, project: number): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot limit volume ${name}: the store is in project ${project} of its file system`,
    { remedy: 'take the store out of the project, or create the volume without size' },
  )
}

/** The first words are Docker's. */
function withoutQuota(root: string, { name, options }: Limited): StrakeError {
  const size = options['size'] ?? ''
  return new StrakeError(
    'INVALID',
    `Cannot create volume ${name}: quota size requested but no quota support`,
    {
      remedy: `mount the file system of ${root} (XFS, or ext4 with the features quota and project) with prjquota, or use -o type=tmpfs -o device=tmpfs -o o=size=${size}`,
    },
  )
}

function withDirectory<T>(path: string, use: (fd: number) => T): T {
  const fd = treeCalls.openRoot(path)
  try {
    return use(fd)
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}
