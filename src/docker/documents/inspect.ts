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

/** What `inspect` shows. */
export const inspectTypes = ['container', 'image', 'network', 'volume'] as const

export type InspectType = (typeof inspectTypes)[number]

/** Reads `--type`. Throws `UNSUPPORTED`. */
export function parseInspectType(text: string | undefined): InspectType | undefined {
  if (text === undefined) return undefined
  const type = inspectTypes.find((known) => known === text)
  if (type !== undefined) return type
  const known = 'container, image, network or volume'
  throw new StrakeError('UNSUPPORTED', `Cannot inspect a ${text}: expected ${known}`)
}
