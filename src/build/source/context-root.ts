import { mkdir, realpath } from 'node:fs/promises'
import { StrakeError } from '#oci'
import type { ContextArchive } from './build-input.ts'
import { unpackContext } from './context-archive.ts'

/** The directory of the build context. */
export interface ContextRoot {
  /** The path without links. It is the key of stored digests, so every path to the directory finds them. */
  readonly path: string
  readonly kind: 'directory' | 'archive' | 'nothing'
}

export interface ContextPlaces {
  /** A directory for this build alone. */
  readonly directory: string
  /** A directory for large files of this build. */
  readonly scratch: () => Promise<string>
}

/** Finds or makes the directory of the build context. Without a context it is empty. */
export async function openContextRoot(
  context: string | ContextArchive | undefined,
  places: ContextPlaces,
  signal?: AbortSignal | undefined,
): Promise<ContextRoot> {
  if (context === undefined) {
    const path = `${places.directory}/context`
    await mkdir(path)
    return { path, kind: 'nothing' }
  }
  if (typeof context === 'object') {
    const path = `${await places.scratch()}/context`
    await unpackContext(context, path, signal)
    return { path, kind: 'archive' }
  }
  try {
    return { path: await realpath(context), kind: 'directory' }
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot build ${context}: there is no such directory`, {
      cause,
    })
  }
}
