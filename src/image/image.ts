import type { ContentSource } from '#content'
import { readDocument, selectManifest } from '#content'
import {
  type Descriptor,
  type Digest,
  type ImageConfig,
  isConfigType,
  isLayerType,
  type Layer,
  layersOf,
  limits,
  type Manifest,
  type Platform,
  parseConfig,
  StrakeError,
} from '#oci'
import { hostPlatform } from '#platform'
import { toBuffer } from '#stream'

/**
 * One image for one platform. Its documents were read and match each other. Its layers were not
 * read and may be missing.
 */
export interface Image {
  /** The descriptor of the manifest. */
  readonly descriptor: Descriptor
  readonly manifest: Manifest
  /** The bytes of the manifest; `descriptor.digest` is their digest. */
  readonly manifestRaw: Uint8Array
  readonly config: ImageConfig
  /** The bytes of the configuration; `imageId` is their digest. */
  readonly configRaw: Uint8Array
  /** Bottom first. */
  readonly layers: readonly Layer[]
  readonly imageId: Digest
  /** Size of all stored layers, in bytes. */
  readonly size: number
}

/**
 * Opens the image that `descriptor` names; from an index, the manifest for `platform` (default:
 * this machine). Works with a registry as well as with a local store, and reads only the documents.
 *
 * Throws `MANIFEST_INVALID` when manifest and configuration do not match, `UNSUPPORTED` for an
 * artifact that is not an image, and `NOT_FOUND`.
 */
export async function openImage(
  source: ContentSource,
  descriptor: Descriptor,
  platform: Platform = hostPlatform(),
  signal?: AbortSignal,
): Promise<Image> {
  const selected = await selectManifest(source, descriptor, platform, signal)
  const { parsed, raw: manifestRaw } = await readDocument(source, selected, signal)
  if (parsed.kind !== 'manifest') throw notAnImage(selected, 'it is an index')
  const { manifest } = parsed
  checkKinds(selected, manifest)
  const configBytes = source.read(manifest.config, { signal })
  const configRaw = await toBuffer(configBytes, limits.configSize, 'image configuration')
  const config = parseConfig(configRaw)
  return describeImage({ descriptor: selected, manifest, manifestRaw, config, configRaw })
}

/** Makes an image from its documents. Throws `MANIFEST_INVALID` when they do not match. */
export function describeImage(documents: Omit<Image, 'layers' | 'imageId' | 'size'>): Image {
  const { manifest, config } = documents
  return {
    ...documents,
    layers: layersOf(manifest, config),
    imageId: manifest.config.digest,
    size: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
  }
}

function checkKinds(descriptor: Descriptor, manifest: Manifest): void {
  if (!isConfigType(manifest.config.mediaType)) {
    throw notAnImage(descriptor, `it is an artifact of type ${manifest.config.mediaType}`)
  }
  if (manifest.layers.length > limits.layers) {
    throw notAnImage(
      descriptor,
      `it has ${manifest.layers.length} layers, more than ${limits.layers}`,
    )
  }
  const unknown = manifest.layers.find(({ mediaType }) => !isLayerType(mediaType))
  if (unknown !== undefined) {
    throw notAnImage(descriptor, `a layer has the unknown type ${unknown.mediaType}`)
  }
}

function notAnImage({ digest }: Descriptor, reason: string): StrakeError {
  return new StrakeError('UNSUPPORTED', `Cannot use ${digest} as an image: ${reason}`)
}
