import { type Digest, familiarReference, type ImageName, parseReference } from '#oci'
import type { EventActions, NewEvent } from '#records'
import { isDigestName } from './find-image.ts'

/** Makes an event of an image, with one of its names or without a name. */
export function imageEvent(
  action: EventActions['image'],
  imageId: Digest,
  name?: string | undefined,
): NewEvent {
  const attributes = name === undefined ? {} : { name: familiarReference(parseReference(name)) }
  return { type: 'image', action, actor: imageId, attributes }
}

/** The verbs that add images to the store. */
export type ImageVerb = 'build' | 'commit' | 'import' | 'load' | 'pull' | 'restore' | 'test'

/** Returns the events to record when a verb adds an image. */
export function eventsOf(
  verb: ImageVerb,
  imageId: Digest,
  names: readonly ImageName[],
): readonly NewEvent[] {
  const plain = names.filter((name) => !isDigestName(name))
  const tags = plain.map((name) => imageEvent('tag', imageId, name))
  switch (verb) {
    case 'build':
    case 'commit':
      return plain.length === 0 ? [imageEvent('create', imageId)] : tags
    case 'import':
      return [...tags, imageEvent(verb, imageId, plain[0] ?? names[0])]
    case 'load':
    case 'pull':
      return [imageEvent(verb, imageId, plain[0] ?? names[0])]
    case 'restore':
    case 'test':
      return []
  }
}
