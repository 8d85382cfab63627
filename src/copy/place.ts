import { StrakeError } from '#oci'
import { fileType, typeOf } from '#platform'
import { printableName } from '#tar'
import type { Directory, Origin, Target } from './tree.ts'

/** Where the copy of one file or directory is made. */
export interface CopyPlace {
  readonly directory: Directory
  /** The name of the copy; `.` copies the files of a directory into `directory`. */
  readonly name: string
}

/**
 * Decides where a copy is made, by the rules of `docker cp`: into an existing directory, in place
 * of an existing file, or as a new file or directory. Throws `INVALID` and `NOT_FOUND`.
 *
 * @see https://docs.docker.com/reference/cli/docker/container/cp/
 */
export function placeCopy(
  { status, name, contentsOnly }: Pick<Origin, 'status' | 'name' | 'contentsOnly'>,
  target: Target,
  shown: string,
): CopyPlace {
  const isDirectory = typeOf(status.mode) === fileType.directory
  const { directory } = target
  if (target.kind === 'directory') return { directory, name: contentsOnly ? '.' : name }
  if (isDirectory && target.kind === 'file') {
    const what = `directory ${printableName(name)} to ${printableName(shown)}`
    throw new StrakeError('INVALID', `Cannot copy ${what}: that is a file`)
  }
  if (!isDirectory && target.kind === 'missing' && target.mustBeDirectory) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot copy to ${printableName(shown)}: there is no such directory`,
      { remedy: 'make the directory first' },
    )
  }
  return { directory, name: target.name }
}
