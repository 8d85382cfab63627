import type { DescribedSource } from '#engine/registry/create-remote'
import { Fields, isDigest, parseJson, StrakeError } from '#oci'

/** The most bytes of a file with a source. */
export const largestSource: number = 64 * 1024

/**
 * Reads a source of `imagetools create`: a name, a digest, or a descriptor in JSON. Throws
 * `INVALID`.
 */
export function parseImageSource(text: string): string | DescribedSource {
  const source = text.trim()
  if (!source.startsWith('{')) return source
  const document = { what: 'the descriptor of a source', code: 'INVALID' } as const
  const value = parseJson(new TextEncoder().encode(source), document.what)
  const known = ['schemaVersion', 'mediaType', 'digest', 'size', 'platform', 'annotations']
  const fields = new Fields(value, known, document)
  if (fields.has('schemaVersion')) {
    throw new StrakeError('INVALID', 'Cannot use a source: it is a manifest, not a descriptor', {
      remedy: 'give an object with mediaType, digest and size',
    })
  }
  const digest = fields.string('digest')
  if (digest === undefined || !isDigest(digest)) throw fields.fail('it has no digest')
  const platform = fields.object('platform', ['os', 'architecture', 'variant'])
  const variant = platform?.string('variant')
  return {
    digest,
    size: fields.integer('size') || undefined,
    mediaType: fields.string('mediaType') || undefined,
    annotations: fields.stringMap('annotations'),
    ...(platform !== undefined && {
      platform: {
        os: platform.string('os') ?? 'linux',
        architecture: platform.string('architecture') ?? 'unknown',
        ...(variant !== undefined && { variant }),
      },
    }),
  }
}
