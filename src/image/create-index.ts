import type { ContentStore } from '#content'
import {
  type Annotations,
  type Descriptor,
  encodeJson,
  type Index,
  mediaType,
  type Platform,
  sha256,
} from '#oci'
import { fromBuffer } from '#stream'
import type { Image } from './image.ts'

export interface IndexParts {
  /** One for each platform, in the order of the index; annotations of a descriptor stay. */
  readonly images: readonly Pick<Image, 'descriptor' | 'config'>[]
  /** Manifests that are no images, such as attestations. They follow the images. */
  readonly others?: readonly Descriptor[] | undefined
  readonly annotations?: Annotations | undefined
  /** The default is OCI's type. */
  readonly mediaType?: string | undefined
}

/** Writes the index of images for several platforms. Equal parts give equal bytes. */
export async function createIndex(store: ContentStore, parts: IndexParts): Promise<Descriptor> {
  const type = parts.mediaType ?? mediaType.ociIndex
  const index: Index = {
    schemaVersion: 2,
    mediaType: type,
    manifests: [
      ...parts.images.map(({ descriptor, config }) => ({
        ...descriptor,
        platform: platformOf(config),
      })),
      ...(parts.others ?? []),
    ],
    ...(parts.annotations !== undefined && { annotations: parts.annotations }),
  }
  const raw = encodeJson(index)
  const descriptor = { mediaType: type, digest: sha256(raw), size: raw.length }
  await store.write(descriptor, fromBuffer(raw))
  return descriptor
}

function platformOf({ architecture, os, ...config }: Image['config']): Platform {
  const { variant, 'os.version': version } = config
  return {
    architecture,
    os,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { 'os.version': version }),
  }
}
