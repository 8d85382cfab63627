import { posix } from 'node:path'
import { StrakeError } from '#oci'

/** A path of `cp` and what its last characters demand. */
export interface CopyPath {
  /** Absolute, without dots. */
  readonly path: string
  /** It ends in `/` or `/.`: it must be a directory, and a link at its end is followed. */
  readonly mustBeDirectory: boolean
  /** It ends in `/.`: only the files in the directory are meant. */
  readonly contentsOnly: boolean
}

/** Reads a path; a relative one begins at `base`. */
export function readCopyPath(text: string, base: string): CopyPath {
  const contentsOnly = posix.basename(text) === '.'
  const resolved = posix.resolve(base, text)
  return { path: resolved, contentsOnly, mustBeDirectory: contentsOnly || text.endsWith('/') }
}

/** The name that a copy of the file at `path` gets in a directory. */
export function nameOf(path: string): string {
  return posix.basename(path) || '.'
}

export function below(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}

/** Whether `path` is `directory` or below it. Both are absolute and have no dots. */
export function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`)
}

export function noSuchFile(what: string, cause?: unknown): StrakeError {
  return new StrakeError('NOT_FOUND', `Cannot copy ${what}: there is no such file or directory`, {
    cause,
  })
}

export function noDirectory(what: string, cause?: unknown): StrakeError {
  return new StrakeError('NOT_FOUND', `Cannot copy to ${what}: there is no such directory`, {
    cause,
    remedy: 'make the directory first',
  })
}

export function notADirectory(what: string): StrakeError {
  return new StrakeError('INVALID', `Cannot copy ${what}: it is not a directory`, {
    remedy: 'remove the slash at its end',
  })
}
