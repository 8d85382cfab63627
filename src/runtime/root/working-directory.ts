import { StrakeError } from '#oci'
import { type ContainerView, isDirectory } from './container-view.ts'

/**
 * Returns the working directory without links, for the runtime. A path below `/proc` is refused:
 * through `/dev/fd/7` or `/proc/self/fd/7` an open descriptor of the runtime once led out of the
 * container. `make` creates a missing directory, for a container that does not run yet. Throws
 * `NOT_FOUND` where there is no directory, and `INVALID`.
 */
export function resolveWorkingDirectory(
  view: ContainerView,
  path: string,
  missing: 'make' | 'refuse',
): string {
  const place = missing === 'make' ? view.make(path, 'directory') : view.find(path)
  if (place === undefined) throw unusable('NOT_FOUND', path, 'there is no such directory')
  if (place.path.startsWith('/proc/')) throw unusable('INVALID', path, 'it lies in /proc')
  if (place.status !== undefined && !isDirectory(place)) {
    throw unusable('NOT_FOUND', path, 'it is not a directory')
  }
  return place.path
}

function unusable(code: 'NOT_FOUND' | 'INVALID', path: string, reason: string): StrakeError {
  return new StrakeError(code, `Cannot use working directory ${path}: ${reason}`)
}
