import type { Digest } from '#oci'
import type { Engine } from '../engine.ts'
import type { FoundTarget } from '../image/find-target.ts'
import { imageEvent } from '../image/image-events.ts'

/**
 * Removes the facts of an image or index. With an index it also removes the facts of its
 * images that have no name and are in no other index. Call it in a transaction, after the
 * names are removed. Returns the IDs of what was removed, the index first.
 */
export function forgetTarget({ records }: Engine, target: FoundTarget): readonly Digest[] {
  const { descriptor, id, images, isIndex } = target
  const isGone = isIndex
    ? records.indexes.remove(descriptor.digest)
    : records.images.remove(descriptor.digest)
  const deleted = isGone ? [id] : []
  if (isIndex) {
    for (const { digest, imageId } of images) {
      const isNeeded =
        records.tags.namesOf(digest).length > 0 || records.indexes.having(digest).length > 0
      if (!isNeeded && records.images.remove(digest)) deleted.push(imageId)
    }
  }
  for (const each of deleted) records.events.append(imageEvent('delete', each))
  return deleted
}
