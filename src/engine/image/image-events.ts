import { type Digest, familiarReference, type ImageName, parseReference } from '#oci'
import type { EventActions, NewEvent } from '#records'
import { isDigestName } from './find-image.ts'

/** What happened to an image under one of its names, or under none. */
export function imageEvent(
  action: EventActions['image'],
  imageId: Digest,
  name?: string | undefined,
): NewEvent {
  const attributes = name === undefined ? {} : { name: familiarReference(parseReference(name)) }
  return { type: 'image', action, actor: imageId, attributes }
}

/** The verbs that bring images into the store. */
export type ImageVerb = 'build' | 'import' | 'load' | 'pull' | 'restore' | 'test'

/** What a verb did to an image, for those who follow events. */
export function eventsOf(
  verb: ImageVerb,
  imageId: Digest,
  names: readonly ImageName[],
): readonly NewEvent[] {
  const plain = names.filter((name) => !isDigestName(name))
  switch (verb) {
    case 'build':
      return plain.map((name) => imageEvent('tag', imageId, name))
    case 'import':
    case 'load':
    case 'pull':
      return [imageEvent(verb, imageId, plain[0] ?? names[0])]
    case 'restore':
    case 'test':
      return []
  }
}
