import { StrakeError } from '#oci'
import { cleanPath, printableName, type TarEntry, type TarInput } from '#tar'
import { refuseWhiteout } from '../files/whiteout-name.ts'
import type { PackOptions } from './pack.ts'

/** The entries of an archive, moved below `place`; owners are the archive's unless `--chown` says otherwise. */
export async function* unpackEntries(
  archive: AsyncIterable<TarEntry>,
  place: string,
  options: PackOptions,
): AsyncGenerator<TarInput> {
  const below = (path: string): string => (place === '' ? path : `${place}/${path}`)
  for await (const entry of archive) {
    const path = cleanPath(entry.path)
    if (path === undefined) throw escapes(entry)
    if (path === '') continue
    refuseWhiteout(path)
    const { body, size, type, linkpath, uid, gid, mode, mtime, xattrs } = entry
    const target = type === 'hardlink' ? cleanPath(linkpath) : undefined
    if (type === 'hardlink' && target === undefined) throw escapes(entry)
    yield {
      path: below(path),
      type,
      size,
      body,
      linkpath: target === undefined ? linkpath : below(target),
      deviceMajor: entry.deviceMajor,
      deviceMinor: entry.deviceMinor,
      mode: type === 'symlink' ? mode : (options.mode?.(mode, type === 'directory') ?? mode),
      ...(options.owner ?? { uid, gid }),
      mtime: options.times(mtime),
      xattrs: capabilityOf(xattrs),
    }
  }
}

/** Of extended attributes a file capability only, as Docker has it; others belong to whoever packed. */
function capabilityOf(xattrs: TarEntry['xattrs']): TarEntry['xattrs'] {
  const capability = xattrs.get('security.capability')
  return new Map(capability === undefined ? [] : [['security.capability', capability]])
}

function escapes(entry: TarEntry): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot unpack ${printableName(entry.path)}: it leads out of the archive`,
  )
}
