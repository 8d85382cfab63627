import type { Digest } from './digest.ts'
import { StrakeError } from './error.ts'
import { formatReference, parseReference, type Reference } from './reference.ts'

declare const isImageName: unique symbol

/** A canonical name for an image. It does not look like an ID and has no digest. */
export type ImageName = string & { readonly [isImageName]: true }

/**
 * Reads a name for an image. Throws `INVALID` for a name with a digest, because content determines
 * its digest, and for a name that looks like an image ID, because `sha256:1f2e...` always means the
 * image with that ID.
 */
export function parseImageName(text: string): ImageName {
  return toImageName(parseReference(text), text)
}

/** `parseImageName` for a parsed name; `text` is the original spelling. */
export function toImageName(
  reference: Reference,
  text: string = formatReference(reference),
): ImageName {
  if (reference.digest !== undefined) {
    throw refused(text, 'a digest cannot be chosen', 'give a name and a tag')
  }
  const { registry, repository } = reference
  if (registry === 'docker.io' && /^library\/sha(?:256|384|512)$/.test(repository)) {
    throw refused(text, 'it reads like an image ID', 'choose another name')
  }
  return formatReference(reference) as ImageName
}

/** `registry/repository@digest`: the name for content that a registry served with this digest. */
export function digestName({ registry, repository }: Reference, digest: Digest): ImageName {
  return formatReference({ registry, repository, digest }) as ImageName
}

/** A name that this store recorded before, digest names included. Throws `NAME_INVALID`. */
export function recordedName(text: string): ImageName {
  return formatReference(parseReference(text)) as ImageName
}

/**
 * `recordedName` for a name out of a file that may be damaged. Throws `INVALID` for a
 * name that reads like an image ID: no image was ever given one.
 */
export function restoredName(text: string): ImageName {
  const reference = parseReference(text)
  return reference.digest === undefined ? toImageName(reference, text) : recordedName(text)
}

function refused(text: string, reason: string, remedy: string): StrakeError {
  const shown = JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}...` : text)
  return new StrakeError('INVALID', `Cannot name an image ${shown}: ${reason}`, { remedy })
}
