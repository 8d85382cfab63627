import type { Annotations } from './annotations.ts'
import { type Descriptor, readDescriptor } from './descriptor.ts'
import { StrakeError } from './error.ts'
import { type Document, Fields, optional } from './fields.ts'
import { parseJson } from './json.ts'
import { limits } from './limits.ts'
import { isIndexType, isManifestType, isSchema1Type, mediaType } from './media-type.ts'

/** An image manifest, or an artifact manifest: the fields are the same. */
export interface Manifest {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Annotations
}

/** An image index (Docker: manifest list). */
export interface Index {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly manifests: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Annotations
}

export type ManifestOrIndex =
  | { readonly kind: 'manifest'; readonly manifest: Manifest }
  | { readonly kind: 'index'; readonly index: Index }

const document: Document = { what: 'manifest', code: 'MANIFEST_INVALID' }
const names = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'fsLayers',
  'subject',
  'annotations',
]

/**
 * Reads a manifest or an index. Refuses a document that another reader could understand as the
 * other kind: one that has fields of both, or whose own media type differs from `type`, that of its
 * descriptor or `Content-Type`. Throws `MANIFEST_INVALID`.
 *
 * @see https://github.com/advisories/GHSA-77vh-xpmg-72qh
 */
export function parseManifestOrIndex(raw: Uint8Array, type?: string): ManifestOrIndex {
  if (raw.length > limits.manifestSize) {
    throw new StrakeError(
      'MANIFEST_INVALID',
      `Cannot read manifest: it has ${raw.length} bytes, more than ${limits.manifestSize}`,
    )
  }
  const value = parseJson(raw, document.what, document.code)
  const fields = new Fields(value, names, document)
  refuseSchema1(fields, type)
  const version = fields.required('schemaVersion', fields.integer('schemaVersion'))
  if (version !== 2) throw fields.fail(`schemaVersion is ${version}, not 2`)
  return kindOf(fields, agreedType(fields, type)) === 'index'
    ? { kind: 'index', index: readIndex(fields) }
    : { kind: 'manifest', manifest: readManifest(fields) }
}

/** Like `parseManifestOrIndex`, for a document that must be a manifest. */
export function parseManifest(raw: Uint8Array, type?: string): Manifest {
  const parsed = parseManifestOrIndex(raw, type)
  if (parsed.kind === 'manifest') return parsed.manifest
  throw new StrakeError('MANIFEST_INVALID', 'Cannot read manifest: it is an index')
}

/** Like `parseManifestOrIndex`, for a document that must be an index. */
export function parseIndex(raw: Uint8Array, type?: string): Index {
  const parsed = parseManifestOrIndex(raw, type)
  if (parsed.kind === 'index') return parsed.index
  throw new StrakeError('MANIFEST_INVALID', 'Cannot read index: it is a manifest of one image')
}

function refuseSchema1(fields: Fields, type: string | undefined): void {
  const own = fields.get('mediaType')
  const isSchema1 =
    fields.has('fsLayers') ||
    fields.get('schemaVersion') === 1 ||
    [own, type].some((each) => typeof each === 'string' && isSchema1Type(each))
  if (!isSchema1) return
  throw new StrakeError(
    'MANIFEST_INVALID',
    'Cannot read manifest: it has the format of Docker before 1.10 (schema 1), which cannot be verified',
    { remedy: 'pull and push the image again with a Docker between 1.10 and 25' },
  )
}

/**
 * Returns the media type of the document, which must equal that of its descriptor or
 * `Content-Type`.
 */
function agreedType(fields: Fields, type: string | undefined): string | undefined {
  const own = fields.string('mediaType')
  if (own !== undefined && type !== undefined && own !== type) {
    throw fields.fail(`its media type is ${own}, but it was delivered as ${type}`)
  }
  const agreed = own ?? type
  if (agreed !== undefined && !isManifestType(agreed) && !isIndexType(agreed)) {
    throw fields.fail(`${agreed} is not the media type of a manifest or an index`)
  }
  return agreed
}

function kindOf(fields: Fields, type: string | undefined): 'manifest' | 'index' {
  const asIndex = fields.has('manifests')
  const asManifest = fields.has('layers') || fields.has('config')
  if (asIndex && asManifest) {
    throw fields.fail('it has the fields of a manifest and of an index, so it is neither')
  }
  if (!asIndex && !asManifest) throw fields.fail('it has neither layers nor manifests')
  const kind = asIndex ? 'index' : 'manifest'
  if (type !== undefined && isIndexType(type) !== asIndex) {
    throw fields.fail(`its fields are those of ${asIndex ? 'an index' : 'a manifest'}, not ${type}`)
  }
  return kind
}

function readManifest(fields: Fields): Manifest {
  const config = fields.required('config', fields.get('config'))
  return {
    ...readCommon(fields),
    config: readDescriptor(config, document, 'config'),
    layers: fields.required('layers', readDescriptors(fields, 'layers')),
  }
}

function readIndex(fields: Fields): Index {
  return { ...readCommon(fields), manifests: readDescriptors(fields, 'manifests') ?? [] }
}

function readCommon(fields: Fields): Omit<Index, 'manifests'> {
  const subject = fields.get('subject')
  return {
    schemaVersion: 2,
    ...optional('mediaType', fields.string('mediaType')),
    ...optional('artifactType', fields.string('artifactType')),
    ...(subject !== undefined && { subject: readDescriptor(subject, document, 'subject') }),
    ...optional('annotations', fields.stringMap('annotations')),
  }
}

function readDescriptors(fields: Fields, name: string): Descriptor[] | undefined {
  const value = fields.get(name)
  if (Array.isArray(value) && value.length > limits.descriptors) {
    throw fields.fail(`${name} has ${value.length} entries, more than ${limits.descriptors}`)
  }
  return fields.items(name, (item, path) => readDescriptor(item, document, path))
}

/** Returns the media type of a parsed document: its own, else the one that its fields imply. */
export function documentType(parsed: ManifestOrIndex): string {
  return parsed.kind === 'manifest'
    ? (parsed.manifest.mediaType ?? mediaType.ociManifest)
    : (parsed.index.mediaType ?? mediaType.ociIndex)
}
