import {
  type Descriptor,
  type Digest,
  familiarReference,
  type Reference,
  type RunConfig,
} from '#oci'
import type { Image } from './image.ts'

/** What `docker image inspect` prints, member by member. */
export interface ImageInspection {
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

export interface InspectOptions {
  /** Tags and digests the image is known by. */
  readonly names?: readonly Reference[]
  /** Bytes of all layers, uncompressed; the stored ones' unless given. */
  readonly size?: number
  /** When a name last began to mean it: milliseconds since 1970. */
  readonly lastTagTime?: number
  /** Which kind of snapshots holds its filesystem. */
  readonly driver?: string
}

const never = '0001-01-01T00:00:00Z'

/** An image as Docker describes it, for people and programs that read Docker's JSON. */
export function inspectImage(image: Image, options: InspectOptions = {}): ImageInspection {
  const { config, descriptor, imageId, layers } = image
  const { names = [], size = image.size, lastTagTime, driver = 'overlayfs' } = options
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
    GraphDriver: { Name: driver, Data: null },
    RootFS: { Type: 'layers', Layers: layers.map(({ diffId }) => diffId) },
    Metadata: {
      LastTagTime: lastTagTime === undefined ? never : new Date(lastTagTime).toISOString(),
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
