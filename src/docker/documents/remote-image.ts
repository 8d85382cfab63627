import type { RemoteImage, RemotePlatform } from '#engine/registry/inspect-remote'
import type { DocumentKind } from '../types/document-types.ts'

/** The document of `buildx imagetools inspect --format`, and its type. */
export interface RemoteImageDocument {
  readonly kind: DocumentKind
  readonly document: object
}

/** Describes an image of a registry. Several platforms give maps by platform, as in buildx. */
export function remoteImageDocument(
  { name, descriptor, index }: Pick<RemoteImage, 'name' | 'descriptor' | 'index'>,
  platforms: readonly RemotePlatform[],
): RemoteImageDocument {
  const { mediaType, digest, size, annotations } = descriptor
  const manifest =
    index === undefined
      ? { mediaType, digest, size, ...(annotations !== undefined && { annotations }) }
      : { ...index, mediaType: index.mediaType ?? mediaType, digest, size }
  const [first, ...others] = platforms
  if (first !== undefined && others.length === 0) {
    const document = {
      name,
      manifest,
      image: first.config,
      SBOM: sbomOf(first),
      Provenance: provenanceOf(first),
    }
    return { kind: 'remoteImage', document }
  }
  const byPlatform = (value: (each: RemotePlatform) => object): object =>
    Object.fromEntries(platforms.map((each) => [each.platform, value(each)]))
  const present = (value: (each: RemotePlatform) => object): object =>
    Object.fromEntries(
      platforms.flatMap((each) => {
        const found = value(each)
        return Object.keys(found).length === 0 ? [] : [[each.platform, found]]
      }),
    )
  return {
    kind: 'remoteImages',
    document: {
      name,
      manifest,
      image: byPlatform(({ config }) => config),
      SBOM: present(sbomOf),
      Provenance: present(provenanceOf),
    },
  }
}

function sbomOf({ attestations }: RemotePlatform): object {
  const [SPDX, ...more] = attestations.flatMap(({ predicateType, predicate }) =>
    predicateType === 'https://spdx.dev/Document' ? [predicate] : [],
  )
  return {
    ...(SPDX !== undefined && { SPDX }),
    ...(more.length > 0 && { AdditionalSPDXs: more }),
  }
}

function provenanceOf({ attestations }: RemotePlatform): object {
  const found = attestations.findLast(({ predicateType }) =>
    predicateType.startsWith('https://slsa.dev/provenance/'),
  )
  return found === undefined ? {} : { SLSA: found.predicate }
}
