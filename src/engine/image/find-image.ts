import {
  formatReference,
  isDigest,
  isStrakeError,
  normalizePlatform,
  type Platform,
  parseReference,
  type Reference,
  StrakeError,
} from '#oci'
import type { ImageRecord, Records } from '#records'

/** The image that a word on a command line names. */
export interface FoundImage {
  readonly image: ImageRecord
  /** The typed name in canonical form; absent for an ID or digest. */
  readonly name?: string
}

/** Finds an image by name, image ID, prefix of an ID, or digest. Throws `NOT_FOUND`. */
export function getImage(records: Records, text: string): FoundImage {
  const found = findImage(records, text)
  if (found) return found
  throw new StrakeError('NOT_FOUND', `Cannot find image ${text}: no such image`, {
    remedy: isWholeId(text)
      ? 'see strake images --all'
      : `strake pull ${text}, or see strake images`,
  })
}

/** Like `getImage`, but returns `undefined` for an absent image. Throws `CONFLICT` if a prefix matches several images. */
export function findImage(records: Records, text: string): FoundImage | undefined {
  // A whole ID always means the image with this ID, even if a name has the same text.
  const byName = isWholeId(text) ? undefined : findByName(records, text)
  if (byName) return byName
  const matches = records.images.findByPrefix(text)
  const ids = new Set(matches.map(({ imageId }) => imageId))
  if (ids.size > 1) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot choose image ${text}: the ID prefix matches ${ids.size} images`,
      {
        remedy: 'type more of the ID',
      },
    )
  }
  const [image] = matches
  return image && { image }
}

/** True for a complete image ID or digest. */
export function isWholeId(text: string): boolean {
  return isDigest(text) || isDigest(`sha256:${text}`)
}

function findByName(records: Records, text: string): FoundImage | undefined {
  const reference = tryParse(text)
  if (!reference) return undefined
  const name = formatReference(reference)
  const tag = records.tags.get(name)
  const image = tag && records.images.get(tag.target.digest)
  return image && { image, name }
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

/** Whether an image is for the wanted platform. Without a wanted platform, true for every image. */
export function isForPlatform({ platform }: ImageRecord, wanted: Platform | undefined): boolean {
  if (wanted === undefined) return true
  const { os, architecture, variant } = normalizePlatform(wanted)
  const own = normalizePlatform(platform)
  const sameVariant = variant === undefined || own.variant === undefined || own.variant === variant
  return own.os === os && own.architecture === architecture && sameVariant
}

/** True for the names that `digestName` makes. */
export function isDigestName(name: string): boolean {
  return name.includes('@')
}

/** `registry/repository` of a canonical name. */
export function repositoryOf(name: string): string {
  const bare = name.split('@', 1)[0] ?? ''
  return bare.slice(bare.lastIndexOf('/')).includes(':')
    ? bare.slice(0, bare.lastIndexOf(':'))
    : bare
}
