import { type Descriptor, type Digest, parseManifestOrIndex } from '#oci'

/** Returns a manifest's descriptor with the fields of a referrers list. */
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

/**
 * Returns the tag under which clients keep an index of the referrers of `subject`, for
 * registries without a referrers API.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function referrersTag(subject: Digest): string {
  return subject.replace(':', '-').slice(0, 128)
}
