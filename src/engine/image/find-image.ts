import {
  type Digest,
  familiarReference,
  formatPlatform,
  matchPlatform,
  normalizePlatform,
  type Platform,
  parseReference,
  StrakeError,
} from '#oci'
import { hostPlatform } from '#platform'
import type { ImageRecord, Records } from '#records'
import { type FoundTarget, findTarget, getTarget } from './find-target.ts'

/** An image of one platform, found by a name or ID. */
export interface FoundImage {
  readonly image: ImageRecord
  /** The typed name in canonical form; absent for an ID or digest. */
  readonly name?: string
  /** The index that the name or ID means; `image` is one of its images. */
  readonly index?: FoundTarget
}

/**
 * Finds an image by name, image ID, prefix of an ID, or digest. Takes from an index the image
 * for `platform`, else its first image. Default platform: this machine. Throws `NOT_FOUND`.
 */
export function getImage(records: Records, text: string, platform?: Platform): FoundImage {
  const found = chooseImage(getTarget(records, text), platform)
  if (found) return found
  const message = `Cannot use image ${text}: none of its platforms is in the store`
  throw new StrakeError('NOT_FOUND', message, { remedy: `strake pull ${text}` })
}

/**
 * Like `getImage`, but returns only an image for this platform. `verb` is for the message. Throws
 * `NOT_FOUND`.
 */
export function getImageFor(
  records: Records,
  text: string,
  platform: Platform,
  verb: string,
): FoundImage {
  const found = getImage(records, text, platform)
  if (suitsPlatform(found, platform)) return found
  throw absentPlatform(found, { text, platform, verb })
}

/** Returns the error for an image that the store has for other platforms only. */
export function absentPlatform(
  { image, index }: FoundImage,
  wanted: { readonly text: string; readonly platform: Platform; readonly verb: string },
): StrakeError {
  const { text, platform, verb } = wanted
  const own = listPlatforms(index?.images ?? [image])
  return new StrakeError(
    'NOT_FOUND',
    `Cannot ${verb} ${text} for ${formatPlatform(platform)}: the store has it for ${own}`,
  )
}

/** Like `getImage`, but returns `undefined` for an absent image. Throws `CONFLICT` if a prefix matches several images. */
export function findImage(
  records: Records,
  text: string,
  platform?: Platform,
): FoundImage | undefined {
  const target = findTarget(records, text)
  return target && chooseImage(target, platform)
}

/** Returns the image of a target for a platform, else its first image; `undefined` without images. */
export function chooseImage(target: FoundTarget, platform?: Platform): FoundImage | undefined {
  const { name, images, isIndex } = target
  const [first] = images
  const image = isIndex ? (imageFor(target, platform ?? hostPlatform()) ?? first) : first
  if (image === undefined) return undefined
  return { image, ...(name !== undefined && { name }), ...(isIndex && { index: target }) }
}

/** Returns the image of an index that a platform can run. */
export function imageFor({ images }: FoundTarget, platform: Platform): ImageRecord | undefined {
  const match = matchPlatform(platform, images)
  return images.find(({ digest }) => digest === match?.digest)
}

/**
 * True when an image is for the wanted platform. Without a wanted platform, an image of an
 * index must be for this machine, and any other image suits.
 */
export function suitsPlatform({ image, index }: FoundImage, wanted: Platform | undefined): boolean {
  if (index === undefined) return isForPlatform(image, wanted)
  return imageFor(index, wanted ?? hostPlatform())?.digest === image.digest
}

/** Whether an image is for the wanted platform. Without a wanted platform, true for every image. */
function isForPlatform({ platform }: ImageRecord, wanted: Platform | undefined): boolean {
  if (wanted === undefined) return true
  const { os, architecture, variant } = normalizePlatform(wanted)
  const own = normalizePlatform(platform)
  const sameVariant = variant === undefined || own.variant === undefined || own.variant === variant
  return own.os === os && own.architecture === architecture && sameVariant
}

/**
 * Returns the images of a target for several platforms, each once. `verb` is for the message.
 * Throws `NOT_FOUND` if one has no image.
 */
export function imagesFor(
  records: Records,
  text: string,
  platforms: readonly Platform[],
  verb: string,
): readonly ImageRecord[] {
  const found = platforms.map((each) => getImageFor(records, text, each, verb).image)
  return [...new Map(found.map((image) => [image.digest, image])).values()]
}

/** Names the platforms of a target that are in the store, for messages. */
export function listPlatforms(images: readonly ImageRecord[]): string {
  return images.map(({ platform }) => formatPlatform(platform)).join(', ') || 'no platform'
}

/** True for the names that `digestName` makes. */
export function isDigestName(name: string): boolean {
  return name.includes('@')
}

/** Returns the names in the store of a repository, without those that name digests. */
export function namesIn({ tags }: Pick<Records, 'tags'>, repository: string): readonly string[] {
  return tags
    .list()
    .map(({ name }) => name)
    .filter((name) => !isDigestName(name) && repositoryOf(name) === repository)
}

/** `registry/repository` of a canonical name. */
export function repositoryOf(name: string): string {
  const bare = name.split('@', 1)[0] ?? ''
  return bare.slice(bare.lastIndexOf('/')).includes(':')
    ? bare.slice(0, bare.lastIndexOf(':'))
    : bare
}

/** Returns the names of an image and of the indexes that have it, in familiar form and sorted. */
export function familiarNames(
  { indexes, tags }: Pick<Records, 'indexes' | 'tags'>,
  digest: Digest,
): readonly string[] {
  const targets = [digest, ...indexes.having(digest).map((index) => index.digest)]
  const names = targets
    .flatMap((target) => tags.namesOf(target))
    .filter((name) => !isDigestName(name))
  return [...new Set(names)].sort().map((name) => familiarReference(parseReference(name)))
}
