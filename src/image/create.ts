import type { ContentStore } from '#content'
import {
  type Annotations,
  type Descriptor,
  encodeJson,
  type ImageConfig,
  type Layer,
  layerCompression,
  type Manifest,
  mediaType,
  sha256,
} from '#oci'
import { fromBuffer } from '#stream'
import { describeImage, type Image } from './image.ts'

export interface ImageParts {
  /** A `rootfs` in it is ignored; it is made from `layers`. */
  readonly config: Omit<ImageConfig, 'rootfs'>
  /** Bottom first. Their content must be stored, at the latest before the image is used. */
  readonly layers: readonly Layer[]
  readonly annotations?: Annotations
}

/**
 * Writes configuration and manifest of a new image in OCI's format. Equal parts give equal bytes.
 * Throws `MANIFEST_INVALID` when the history describes another number of layers.
 */
export async function createImage(store: ContentStore, parts: ImageParts): Promise<Image> {
  const { architecture, os, created, author, variant, config: run, history, ...rest } = parts.config
  const config: ImageConfig = {
    ...(created !== undefined && { created }),
    ...(author !== undefined && { author }),
    architecture,
    ...(variant !== undefined && { variant }),
    os,
    ...rest,
    config: run ?? {},
    rootfs: { type: 'layers', diff_ids: parts.layers.map(({ diffId }) => diffId) },
    ...(history !== undefined && { history }),
  }
  const configRaw = encodeJson(config)
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaType.ociManifest,
    config: describe(mediaType.ociConfig, configRaw),
    layers: parts.layers.map(({ descriptor }) => asOciLayer(descriptor)),
    ...(parts.annotations !== undefined && { annotations: parts.annotations }),
  }
  return await writeImage(store, { manifest, config, configRaw })
}

/**
 * Writes an image whose documents are complete, configuration first. The bytes of the configuration
 * are stored unchanged, so the image ID stays the same.
 */
export async function writeImage(
  store: ContentStore,
  image: { manifest: Manifest; config: ImageConfig; configRaw: Uint8Array },
): Promise<Image> {
  const { manifest, config, configRaw } = image
  const manifestRaw = encodeJson(manifest)
  const descriptor = describe(manifest.mediaType ?? mediaType.ociManifest, manifestRaw)
  const written = describeImage({ descriptor, manifest, manifestRaw, config, configRaw })
  await store.write(manifest.config, fromBuffer(configRaw))
  await store.write(descriptor, fromBuffer(manifestRaw))
  return written
}

/** A layer's descriptor with OCI's media type, without fields about its source. */
function asOciLayer(descriptor: Descriptor): Descriptor {
  const { mediaType: type, digest, size, annotations } = descriptor
  const names = {
    none: mediaType.ociLayer,
    gzip: mediaType.ociLayerGzip,
    zstd: mediaType.ociLayerZstd,
  }
  const isForeign = /\.(?:foreign|nondistributable)\./.test(type)
  if (isForeign) return descriptor
  const name = names[layerCompression(type)]
  return { mediaType: name, digest, size, ...(annotations !== undefined && { annotations }) }
}

function describe(type: string, raw: Uint8Array): Descriptor {
  return { mediaType: type, digest: sha256(raw), size: raw.length }
}
