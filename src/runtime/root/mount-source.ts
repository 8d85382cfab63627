import { StrakeError } from '#oci'
import { fileType, openFile, openFlag, treeCalls, typeOf } from '#platform'
import { ContainerView } from './container-view.ts'
import type { Cover } from './cover.ts'
import type { RootMount } from './mount.ts'

/**
 * Opens the source of a mount; `view` closes it. A place in the source is opened once, because other
 * containers may change the source at any moment. Returns the mount with the kind of what was
 * opened. Throws `NOT_FOUND`.
 */
export function openSource(
  mount: RootMount,
  view: ContainerView,
): { readonly mount: RootMount; readonly cover: Cover } {
  const { type, source, subpath, readOnly } = mount
  if (type === 'tmpfs') return { mount, cover: { type: 'memory' } }
  if (subpath === undefined) {
    return {
      mount,
      cover: { type: 'tree', fd: view.keep(openFile(source, openFlag.path)), readOnly },
    }
  }
  const inner = ContainerView.ofDirectory(source)
  const place = inner.find(subpath)
  view.keepView(inner)
  if (place?.fd === undefined) {
    const reason = 'it does not exist in the volume or image'
    throw new StrakeError('NOT_FOUND', `Cannot mount ${subpath}: ${reason}`)
  }
  const isDirectory = typeOf(treeCalls.entryStatus(place.fd)?.mode ?? 0) === fileType.directory
  const point = isDirectory ? 'directory' : 'file'
  return { mount: { ...mount, point }, cover: { type: 'tree', fd: place.fd, readOnly } }
}
