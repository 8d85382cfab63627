import type { ImageDetails, IndexDetails } from '#engine/inspect'
import {
  type Descriptor,
  type Digest,
  familiarReference,
  isRunnable,
  type Reference,
  type RunConfig,
  subjectAnnotation,
} from '#oci'

/** The document that `docker image inspect` prints. */
export interface ImageDocument {
  readonly Id: Digest
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  readonly Parent: ''
  readonly Comment: string
  readonly Created: string
  readonly DockerVersion: ''
  readonly Author: string
  readonly Config: RunConfig
  readonly Architecture: string
  readonly Variant?: string
  readonly Os: string
  readonly OsVersion?: string
  /** Bytes. */
  readonly Size: number
  readonly GraphDriver: { readonly Name: string; readonly Data: null }
  readonly RootFS: { readonly Type: 'layers'; readonly Layers: readonly Digest[] }
  readonly Metadata: { readonly LastTagTime: string }
  readonly Descriptor: Descriptor
  /** Only for an image of several platforms. */
  readonly Manifests?: readonly ManifestDocument[]
}

/** One manifest of an index. */
export interface ManifestDocument {
  readonly ID: Digest
  readonly Descriptor: Descriptor
  /** Whether it is in the store. */
  readonly Available: boolean
  readonly Kind: 'image' | 'attestation' | 'unknown'
}

const never = '0001-01-01T00:00:00Z'

/** Describes an image in Docker's JSON. */
export function imageDocument(details: ImageDetails): ImageDocument {
  const { image, index, names, size, lastTagTime } = details
  const { config, layers } = image
  const descriptor = index?.descriptor ?? image.descriptor
  const tagged = names.filter(({ tag }) => tag !== undefined)
  const version = config['os.version']
  return {
    Id: index?.descriptor.digest ?? image.imageId,
    RepoTags: unique(tagged.map(({ digest: _, ...name }) => familiarReference(name))),
    RepoDigests: unique(names.map((name) => repoDigest(name, descriptor.digest))),
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? never,
    DockerVersion: '',
    Author: config.author ?? '',
    Config: config.config ?? {},
    Architecture: config.architecture,
    ...(config.variant !== undefined && { Variant: config.variant }),
    Os: config.os,
    ...(version !== undefined && { OsVersion: version }),
    Size: size,
    GraphDriver: { Name: 'overlayfs', Data: null },
    RootFS: { Type: 'layers', Layers: layers.map(({ diffId }) => diffId) },
    Metadata: {
      LastTagTime: lastTagTime?.toISOString() ?? never,
    },
    Descriptor: descriptor,
    ...(index !== undefined && { Manifests: index.manifests.map(manifestDocument) }),
  }
}

/** Describes one manifest of an image. */
export function manifestDocument({
  descriptor,
  isPresent,
}: IndexDetails['manifests'][number]): ManifestDocument {
  return {
    ID: descriptor.digest,
    Descriptor: descriptor,
    Available: isPresent,
    Kind: kindOf(descriptor),
  }
}

function kindOf(descriptor: Descriptor): ManifestDocument['Kind'] {
  if (isRunnable(descriptor)) return 'image'
  return subjectOf(descriptor) === undefined ? 'unknown' : 'attestation'
}

/** The digest of the image that an attestation describes; absent for other manifests. */
export function subjectOf({ annotations }: Descriptor): string | undefined {
  const isAttestation = annotations?.['vnd.docker.reference.type'] === 'attestation-manifest'
  return isAttestation ? annotations[subjectAnnotation] : undefined
}

function repoDigest({ registry, repository, digest }: Reference, own: Digest): string {
  return familiarReference({ registry, repository, digest: digest ?? own })
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
