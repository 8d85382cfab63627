import { StrakeError } from '#oci'
import { cleanPath, printableName, type TarEntry, type TarInput } from '#tar'
import { refuseWhiteout } from '../files/whiteout-name.ts'
import type { PackOptions } from './pack.ts'
import type { Parent, UnpackPlaces } from './unpack-places.ts'

/**
 * The entries of an archive at their places in the image, each behind the
 * directories above it. Owners are the archive's unless `--chown` gives another.
 */
export async function* unpackEntries(
  archive: AsyncIterable<TarEntry>,
  places: UnpackPlaces,
  options: PackOptions,
): AsyncGenerator<TarInput> {
  for await (const entry of archive) {
    const path = cleanPath(entry.path)
    if (path === undefined) throw escapes(entry)
    if (path === '') continue
    refuseWhiteout(path)
    const { body, size, type, linkpath, uid, gid, mode, mtime, xattrs } = entry
    const target = type === 'hardlink' ? cleanPath(linkpath) : linkpath
    if (target === undefined) throw escapes(entry)
    const placed = places.place({ path, type, linkpath: target })
    for (const parent of placed.parents) yield describeParent(parent, options)
    yield {
      path: placed.path,
      type,
      size,
      body,
      linkpath: type === 'hardlink' ? placed.target : linkpath,
      deviceMajor: entry.deviceMajor,
      deviceMinor: entry.deviceMinor,
      mode: type === 'symlink' ? mode : (options.mode?.(mode, type === 'directory') ?? mode),
      ...(options.owner ?? { uid, gid }),
      mtime: options.times(mtime),
      xattrs: capabilityOf(xattrs),
    }
  }
}

/** A directory of the image as it is there, or one that the unpacking makes. */
function describeParent({ path, node }: Parent, options: PackOptions): TarInput {
  const owner = options.owner ?? { uid: 0, gid: 0 }
  const made = { mode: options.madeMode ?? 0o755, ...owner }
  const kept = node && { mode: node.mode, uid: node.uid, gid: node.gid }
  return { path, type: 'directory', ...(kept ?? made), mtime: options.times(node?.mtime) }
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
