import { mkdir, realpath } from 'node:fs/promises'
import { StrakeError } from '#oci'
import type { ContextArchive } from './build-input.ts'
import { unpackContext } from './context-archive.ts'

/** Where the files of the build context are. */
export interface ContextRoot {
  /** The real path: files are remembered under it, whichever way it was named. */
  readonly path: string
  readonly kind: 'directory' | 'archive' | 'nothing'
}

export interface ContextPlaces {
  /** A directory of this build alone. */
  readonly directory: string
  /** Another one, for what may be large. */
  readonly scratch: () => Promise<string>
}

/** Finds or makes the directory of the build context; without one, it is empty. */
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
