import type { Inspected } from '#engine/inspect'
import { StrakeError } from '#oci'
import { containerDocument } from './container-inspect.ts'
import type { InspectDocument } from './document.ts'
import { imageDocument } from './image-inspect.ts'

/** The sizes of a container, in bytes: what it wrote, and that with its image. */
export interface ContainerSize {
  readonly written: number
  readonly virtual: number
}

/** The document that `docker inspect` prints for a container or an image, and its kind. */
export function inspectDocument(
  found: Inspected,
  size?: ContainerSize,
): {
  readonly kind: Inspected['kind']
  readonly document: object
} {
  return found.kind === 'container'
    ? { kind: 'container', document: withSize(containerDocument(found.container), size) }
    : { kind: 'image', document: imageDocument(found.image) }
}

/** Adds the sizes where Docker has them. */
function withSize(document: InspectDocument, size: ContainerSize | undefined): InspectDocument {
  if (size === undefined) return document
  const sizes = { SizeRw: size.written, SizeRootFs: size.virtual }
  const entries = Object.entries(document).flatMap((entry) =>
    entry[0] === 'Mounts' ? [...Object.entries(sizes), entry] : [entry],
  )
  return Object.fromEntries(entries)
}

/** Reads `--type`. Throws `UNSUPPORTED`. */
export function parseInspectType(text: string | undefined): Inspected['kind'] | undefined {
  if (text === undefined || text === 'container' || text === 'image') return text
  throw new StrakeError('UNSUPPORTED', `Cannot inspect a ${text}: expected container or image`)
}
