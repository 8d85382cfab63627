import { mkdir, realpath, stat } from 'node:fs/promises'
import { StrakeError } from '#oci'
import type { GitMaterial, HttpMaterial } from '../model/provenance.ts'
import type { ContextArchive, ReceivedContext } from './build-input.ts'
import { unpackContext } from './context-archive.ts'
import { isRemoteContext, openRemoteContext, type RemoteOptions } from './remote-context.ts'

/** The directory of the build context. */
export interface ContextRoot {
  /** The path without links. It is the key of stored digests, so every path to the directory finds them. */
  readonly path: string
  /** The ignore file is used only in a `directory` and an `archive`. */
  readonly kind: 'directory' | 'received' | 'archive' | 'remote' | 'nothing'
  /** Identifies the context in several builds. */
  readonly project: string
  /** The time of the commit of a repository, in seconds since 1970. */
  readonly time?: number | undefined
  /** The time of an archive, in seconds since 1970: of its newest file, or of its download. */
  readonly modified?: number | undefined
  /** The Dockerfile, if the context is the URL of a Dockerfile. */
  readonly dockerfile?: { readonly text: string } | undefined
  /** Absent for files of this machine. */
  readonly material?: GitMaterial | HttpMaterial | undefined
}

export interface ContextPlaces {
  /** A directory for this build alone. */
  readonly directory: string
  /** A directory for large files of this build. */
  readonly scratch: () => Promise<string>
}

/** Finds or makes the directory of the build context. Without a context it is empty. */
export async function openContextRoot(
  context: string | ContextArchive | ReceivedContext | undefined,
  places: ContextPlaces,
  remote: Omit<RemoteOptions, 'directory'>,
): Promise<ContextRoot> {
  if (context === undefined) {
    const path = `${places.directory}/context`
    await mkdir(path)
    return { path, kind: 'nothing', project: '' }
  }
  if (typeof context === 'object' && 'directory' in context) {
    return { ...(await openDirectoryRoot(context.directory)), kind: 'received' }
  }
  if (typeof context === 'object') {
    const path = await newPlace(places)
    const { newest } = await unpackContext(context, path, remote.signal)
    return { path, kind: 'archive', project: '', modified: newest }
  }
  if (isRemoteContext(context)) return await openRemoteRoot(context, places, remote)
  return await openDirectoryRoot(context)
}

export async function openRemoteRoot(
  url: string,
  places: ContextPlaces,
  remote: Omit<RemoteOptions, 'directory'>,
): Promise<ContextRoot> {
  const path = await newPlace(places)
  const { time, modified, dockerfile, material } = await openRemoteContext(url, {
    ...remote,
    directory: path,
  })
  const project = url.replace(/\/\/[^/@]*@/, '//')
  const kind = dockerfile === undefined ? 'remote' : 'nothing'
  return { path, kind, project, time, modified, dockerfile, material }
}

export async function openDirectoryRoot(context: string): Promise<ContextRoot> {
  const path = await realpath(context).catch((cause: unknown) => {
    throw new StrakeError('NOT_FOUND', `Cannot build ${context}: there is no such directory`, {
      cause,
    })
  })
  if (!(await stat(path)).isDirectory()) {
    throw new StrakeError('NOT_FOUND', `Cannot build ${context}: it is not a directory`, {
      remedy:
        'give an archive on standard input, as in strake build - < FILE, or a Dockerfile with -f',
    })
  }
  return { path, kind: 'directory', project: path }
}

/** The path of a new directory on the disk of the store. */
export async function newPlace({ scratch }: ContextPlaces): Promise<string> {
  return `${await scratch()}/context-${crypto.randomUUID()}`
}
