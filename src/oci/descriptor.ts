import type { Annotations } from './annotations.ts'
import type { Digest } from './digest.ts'
import { type Document, Fields, optional } from './fields.ts'
import type { Platform } from './platform.ts'

/**
 * Media type, digest and size of some content. Documents refer to content by descriptors.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  readonly platform?: Platform
  readonly annotations?: Annotations
  readonly artifactType?: string
  readonly urls?: readonly string[]
  /** The content itself in base64, for small content. */
  readonly data?: string
}

const names = [
  'mediaType',
  'digest',
  'size',
  'platform',
  'annotations',
  'artifactType',
  'urls',
  'data',
]
const platformNames = ['os', 'architecture', 'variant', 'os.version', 'os.features']

/** Reads the descriptor at `path` of a document. Throws the document's error code. */
export function readDescriptor(value: unknown, document: Document, path: string): Descriptor {
  const fields = new Fields(value, names, document, path)
  const size = fields.required('size', fields.integer('size'))
  if (size < 0) throw fields.fail(`${path}.size is negative`)
  return {
    mediaType: fields.required('mediaType', fields.string('mediaType')),
    digest: fields.required('digest', fields.digest('digest')),
    size,
    ...optional('platform', readPlatform(fields.object('platform', platformNames))),
    ...optional('annotations', fields.stringMap('annotations')),
    ...optional('artifactType', fields.string('artifactType')),
    ...optional('urls', fields.strings('urls')),
    ...optional('data', fields.string('data')),
  }
}

/** A platform without its required members is not an error, but matches nothing. */
function readPlatform(fields: Fields | undefined): Platform | undefined {
  if (fields === undefined) return undefined
  return {
    os: fields.string('os') ?? '',
    architecture: fields.string('architecture') ?? '',
    ...optional('variant', fields.string('variant')),
    ...optional('os.version', fields.string('os.version')),
    ...optional('os.features', fields.strings('os.features')),
  }
}
