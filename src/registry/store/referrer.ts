import { type Descriptor, parseManifestOrIndex } from '#oci'

/** A manifest's descriptor as a list of referrers shows it. */
export function describeReferrer(target: Descriptor, raw: Uint8Array): Descriptor {
  const parsed = parseManifestOrIndex(raw, target.mediaType)
  const document = parsed.kind === 'manifest' ? parsed.manifest : parsed.index
  const configType = parsed.kind === 'manifest' ? parsed.manifest.config.mediaType : undefined
  const artifactType = document.artifactType ?? configType
  const { annotations } = document
  return {
    mediaType: target.mediaType,
    digest: target.digest,
    size: target.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}
