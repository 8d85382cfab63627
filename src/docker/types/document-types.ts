import { pointerTo, type Type } from '#template'
import { containerTypes } from './container-types.ts'
import { declareTypes } from './declare.ts'
import { hostConfigTypes } from './host-config-types.ts'
import { imageTypes } from './image-types.ts'
import { networkTypes } from './network-types.ts'
import { remoteImageTypes } from './remote-image-types.ts'
import { systemTypes } from './system-types.ts'

/** Documents for templates, and the Go types of their values. */
const names = {
  container: 'container.InspectResponse',
  image: 'image.InspectResponse',
  volume: 'volume.Volume',
  network: 'network.Inspect',
  event: 'events.Message',
  info: 'system.dockerInfo',
  version: 'system.versionInfo',
  remoteImage: 'imagetools.tplInput',
  remoteImages: 'imagetools.tplInputs',
} as const

export type DocumentKind = keyof typeof names

let declared: ReadonlyMap<string, Type> | undefined

/** Returns the type of a document. */
export function documentType(kind: DocumentKind): Type {
  declared ??= declareTypes(
    `${hostConfigTypes}${containerTypes}${imageTypes}${systemTypes}${networkTypes}${remoteImageTypes}`,
  )
  const type = declared.get(names[kind])
  if (type === undefined) throw new TypeError(`undeclared document ${kind}`)
  // Docker tries a template for events with a pointer, which its errors show.
  return kind === 'event' ? pointerTo(type) : type
}
