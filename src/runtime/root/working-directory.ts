import { StrakeError } from '#oci'
import { type ContainerView, isDirectory } from './container-view.ts'

/**
 * The working directory as the runtime is to be told it: without links. Through
 * a link such as `/dev/fd/7` or `/proc/self/fd/7` a descriptor of the runtime
 * once led out of the container, so nothing below `/proc` is taken. `make` is
 * for a container that does not run yet, whose image need not have the
 * directory. Throws `NOT_FOUND` when there is none, `INVALID`.
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
    throw unusable('INVALID', path, 'it is not a directory')
  }
  return place.path
}

function unusable(code: 'NOT_FOUND' | 'INVALID', path: string, reason: string): StrakeError {
  return new StrakeError(code, `Cannot use working directory ${path}: ${reason}`)
}
