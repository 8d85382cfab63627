import { stat } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { openStreamFile, useStreamFile } from '#platform'
import type { Bytes } from '#stream'

/** The place that an archive is read from. */
export interface ArchiveFile {
  readonly path: string
  /** Can only be read once, from the beginning: a pipe or standard input. */
  readonly isStream: boolean
}

const standardInput = 0

/** Finds the archive `path`; `-` is standard input. Throws `NOT_FOUND`, and `INVALID` for a directory. */
export async function findArchive(verb: string, path: string): Promise<ArchiveFile> {
  if (path === '-') return { path, isStream: true }
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause
    throw new StrakeError('NOT_FOUND', `Cannot ${verb} ${path}: there is no such file`, { cause })
  })
  if (found.isDirectory()) {
    throw new StrakeError('INVALID', `Cannot ${verb} ${path}: it is a directory`, {
      remedy: 'name an archive, or pack the directory with tar',
    })
  }
  return { path, isStream: !found.isFile() }
}

/** Reads an archive in large chunks. Aborting `signal` ends it, also while a pipe has no data. */
export async function* readArchive({ path }: ArchiveFile, signal?: AbortSignal): Bytes {
  if (path === '-') return yield* useStreamFile(standardInput, signal).read()
  using file = await openStreamFile(path, 'r', signal)
  yield* file.read()
}
