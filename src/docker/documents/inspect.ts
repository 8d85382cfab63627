import type { Inspected } from '#engine/inspect'
import { StrakeError } from '#oci'
import { containerDocument } from './container-inspect.ts'
import { imageDocument } from './image-inspect.ts'

/** The document that `docker inspect` prints for a container or an image, and its kind. */
export function inspectDocument(found: Inspected): {
  readonly kind: Inspected['kind']
  readonly document: object
} {
  return found.kind === 'container'
    ? { kind: 'container', document: containerDocument(found.container) }
    : { kind: 'image', document: imageDocument(found.image) }
}

/** Reads `--type`. Throws `UNSUPPORTED`. */
export function parseInspectType(text: string | undefined): Inspected['kind'] | undefined {
  if (text === undefined || text === 'container' || text === 'image') return text
  throw new StrakeError('UNSUPPORTED', `Cannot inspect a ${text}: expected container or image`)
}
