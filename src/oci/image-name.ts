import type { Digest } from './digest.ts'
import { StrakeError } from './error.ts'
import { formatReference, parseReference, type Reference } from './reference.ts'

declare const isImageName: unique symbol

/** A canonical name that an image may be given: nobody takes it for an ID or for other content. */
export type ImageName = string & { readonly [isImageName]: true }

/**
 * Reads a name to be given to an image. Throws `INVALID` for one with a digest, which
 * content has and nobody chooses, and for one that reads like an image ID: whoever
 * writes `sha256:1f2e...` means that image and no other.
 */
export function parseImageName(text: string): ImageName {
  return toImageName(parseReference(text), text)
}

/** `parseImageName` for a name that was read; `text` is how the user or an archive wrote it. */
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

/** `registry/repository@digest`: what content is called that was seen under this very digest. */
export function digestName({ registry, repository }: Reference, digest: Digest): ImageName {
  return formatReference({ registry, repository, digest }) as ImageName
}

/** A name that this store recorded before, digest names included. Throws `NAME_INVALID`. */
export function recordedName(text: string): ImageName {
  return formatReference(parseReference(text)) as ImageName
}

function refused(text: string, reason: string, remedy: string): StrakeError {
  const shown = JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}...` : text)
  return new StrakeError('INVALID', `Cannot name an image ${shown}: ${reason}`, { remedy })
}
