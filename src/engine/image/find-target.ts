import {
  type Descriptor,
  type Digest,
  formatReference,
  isDigest,
  isStrakeError,
  parseReference,
  type Reference,
  StrakeError,
} from '#oci'
import type { ImageRecord, IndexRecord, Records } from '#records'

/** The target of a name or ID: an image of one platform, or an index of several. */
export interface FoundTarget {
  /** The typed name in canonical form; absent for an ID or digest. */
  readonly name?: string
  /** The manifest or the index. */
  readonly descriptor: Descriptor
  /** The ID that lists show: the image ID, or the digest of the index. */
  readonly id: Digest
  /** The image, or the images of the index that are in the store, in its order. */
  readonly images: readonly ImageRecord[]
  readonly isIndex: boolean
}

/** Returns what `text` means. Throws `NOT_FOUND` with `remedy`, which is a pull by default. */
export function getTarget(
  records: Records,
  text: string,
  remedy: string = isWholeId(text)
    ? 'see strake images --all'
    : `strake pull ${text}, or see strake images`,
): FoundTarget {
  const found = findTarget(records, text)
  if (found) return found
  throw new StrakeError('NOT_FOUND', `Cannot find image ${text}: No such image: ${text}`, {
    remedy,
  })
}

/**
 * Returns what `text` means: a name, an ID or its beginning, a digest; `undefined` when it
 * means nothing. Throws `CONFLICT` when an ID fits several images.
 */
export function findTarget(records: Records, text: string): FoundTarget | undefined {
  // A whole ID always means the image with this ID, even if a name has the same text.
  const byName = isWholeId(text) ? undefined : findByName(records, text)
  if (byName) return byName
  const images = records.images.findByPrefix(text)
  const indexes = records.indexes.findByPrefix(text)
  const ids = new Set([
    ...images.map(({ imageId }) => imageId),
    ...indexes.map(({ digest }) => digest),
  ])
  if (ids.size > 1) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot choose image ${text}: the ID prefix matches ${ids.size} images`,
      {
        remedy: 'type more of the ID',
      },
    )
  }
  const [image] = images
  if (image !== undefined) return imageTarget(image)
  const [index] = indexes
  return index && indexTarget(records, index)
}

/** True for a complete image ID or digest. */
export function isWholeId(text: string): boolean {
  return isDigest(text) || isDigest(`sha256:${text}`)
}

/** Returns what a manifest or index is in the store; `undefined` when it is not recorded. */
export function targetOf(records: Records, digest: Digest): FoundTarget | undefined {
  const image = records.images.get(digest)
  if (image !== undefined) return imageTarget(image)
  const index = records.indexes.get(digest)
  return index && indexTarget(records, index)
}

function findByName(records: Records, text: string): FoundTarget | undefined {
  const reference = tryParse(text)
  if (!reference) return undefined
  const name = formatReference(reference)
  const tag = records.tags.get(name)
  const target = tag && targetOf(records, tag.target.digest)
  return target && { ...target, name }
}

/** Returns `undefined` for invalid references, because `text` may be an ID. */
function tryParse(text: string): Reference | undefined {
  try {
    return parseReference(text)
  } catch (error) {
    if (isStrakeError(error)) return undefined
    throw error
  }
}

function imageTarget(image: ImageRecord): FoundTarget {
  const { digest, mediaType, size, imageId } = image
  return { descriptor: { mediaType, digest, size }, id: imageId, images: [image], isIndex: false }
}

function indexTarget(records: Records, index: IndexRecord): FoundTarget {
  const { digest, mediaType, size } = index
  const images = index.images.flatMap((image) => records.images.get(image) ?? [])
  return { descriptor: { mediaType, digest, size }, id: digest, images, isIndex: true }
}
