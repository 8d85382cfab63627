import { StrakeError } from '#oci'
import { cleanPath, printableName, type TarEntry, type TarInput } from '#tar'
import { refuseWhiteout } from '../files/whiteout-name.ts'
import type { PackOptions } from './pack.ts'
import type { Parent, UnpackPlaces } from './unpack-places.ts'

/**
 * Returns the entries of an archive with their paths in the image, each after the
 * directories above it. `--chown` replaces the owners of the archive; as in BuildKit, `--chmod` does
 * not change its modes.
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
      mode,
      ...(options.owner ?? { uid, gid }),
      mtime: options.times(mtime),
      xattrs: capabilityOf(xattrs),
    }
  }
}

/** A directory of the image, or a new one. */
function describeParent({ path, node }: Parent, options: PackOptions): TarInput {
  const owner = options.owner ?? { uid: 0, gid: 0 }
  const made = { mode: 0o755, ...owner }
  const kept = node && { mode: node.mode, uid: node.uid, gid: node.gid }
  return { path, type: 'directory', ...(kept ?? made), mtime: options.times(node?.mtime) }
}

/**
 * Keeps only file capabilities, as Docker does. Other attributes belong to the machine
 * that made the archive.
 */
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
