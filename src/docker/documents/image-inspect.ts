import type { ImageDetails } from '#engine/inspect'
import {
  type Descriptor,
  type Digest,
  familiarReference,
  type Reference,
  type RunConfig,
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
}

const never = '0001-01-01T00:00:00Z'

/** Describes an image in Docker's JSON. */
export function imageDocument({ image, names, size, lastTagTime }: ImageDetails): ImageDocument {
  const { config, descriptor, imageId, layers } = image
  const tagged = names.filter(({ tag }) => tag !== undefined)
  const version = config['os.version']
  return {
    Id: imageId,
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
  }
}

function repoDigest({ registry, repository, digest }: Reference, own: Digest): string {
  return familiarReference({ registry, repository, digest: digest ?? own })
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
