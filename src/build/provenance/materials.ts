import {
  digestAlgorithm,
  digestHex,
  familiarReference,
  formatPackageUrl,
  formatPlatform,
  isStrakeError,
  normalizePlatform,
  type Platform,
  parseReference,
} from '#oci'
import type { Material } from '../model/provenance.ts'

/** Digests by algorithm, in hex. */
export type DigestSet = Readonly<Record<string, string>>

/** Content and what identifies it, in SLSA's form. */
export interface Dependency {
  readonly uri: string
  readonly digest: DigestSet
}

/** Writes a material as BuildKit does: images as package URLs, others as their URLs. */
export function dependencyOf(material: Material): Dependency {
  switch (material.kind) {
    case 'image': {
      const { reference, platform, digest, isLocal } = material
      return { uri: imageUrl(reference, platform, isLocal ? 'oci' : 'docker'), digest: set(digest) }
    }
    case 'git': {
      const algorithm = material.commit.length === 64 ? 'sha256' : 'sha1'
      return { uri: material.url, digest: { [algorithm]: material.commit } }
    }
    case 'http':
      return { uri: material.url, digest: set(material.digest) }
  }
}

function set(digest: Extract<Material, { kind: 'image' }>['digest']): DigestSet {
  return { [digestAlgorithm(digest)]: digestHex(digest) }
}

/** The package URL of an image for a platform. A name that is no reference is used as it is. */
export function imageUrl(
  text: string,
  platform: Platform,
  type: 'docker' | 'oci' = 'docker',
): string {
  const qualifiers = { platform: formatPlatform(normalizePlatform(platform)) }
  try {
    const { registry, repository, tag, digest } = parseReference(text)
    const familiar = familiarReference({ registry, repository })
    const [name = '', ...before] = familiar.split('/').toReversed()
    return formatPackageUrl({
      type,
      namespace: before.toReversed().join('/'),
      name,
      version: tag ?? (digest === undefined ? 'latest' : undefined),
      qualifiers: { ...qualifiers, digest },
    })
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return formatPackageUrl({ type, name: text, qualifiers })
  }
}
