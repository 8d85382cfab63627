import type { ContentStore } from '#content'
import {
  type Descriptor,
  encodeJson,
  type Manifest,
  mediaType,
  sha256,
  subjectAnnotation,
} from '#oci'
import { fromBuffer } from '#stream'
import { type Attestation, formatStatement, type Subject } from './statement.ts'
import { annotations, artifactType, statementType, unknownPlatform } from './types.ts'

export interface WrittenAttestations {
  /** The manifest of the image. */
  readonly image: Descriptor
  readonly attestations: readonly Attestation[]
  readonly subjects: readonly Subject[]
  /** True for an artifact with a subject; false for the older form, an image without files. */
  readonly isArtifact: boolean
}

/**
 * Writes the attestations of one image as one manifest, in BuildKit's form. Returns the
 * descriptor for the index that has the image.
 *
 * @see https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
 */
export async function writeAttestations(
  store: ContentStore,
  written: WrittenAttestations,
): Promise<Descriptor> {
  const { attestations, subjects } = written
  const layers: Descriptor[] = []
  for (const attestation of attestations) {
    const raw = formatStatement(attestation, subjects)
    const blob = { mediaType: statementType, digest: sha256(raw), size: raw.length }
    await store.write(blob, fromBuffer(raw))
    const named = { [annotations.predicateType]: attestation.predicateType }
    layers.push({ ...blob, annotations: named })
  }
  return await writeManifest(store, layers, written)
}

/** Writes the manifest over statements that are stored. */
export async function writeManifest(
  store: ContentStore,
  layers: readonly Descriptor[],
  { image, isArtifact }: Pick<WrittenAttestations, 'image' | 'isArtifact'>,
): Promise<Descriptor> {
  const config = isArtifact ? emptyConfig : unknownConfig(layers)
  const { mediaType: type, digest, size } = image
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaType.ociManifest,
    ...(isArtifact && { artifactType }),
    config: config.descriptor,
    layers,
    ...(isArtifact && { subject: { mediaType: type, digest, size } }),
  }
  const raw = encodeJson(manifest)
  const descriptor = { mediaType: mediaType.ociManifest, digest: sha256(raw), size: raw.length }
  await store.write(config.descriptor, fromBuffer(config.raw))
  await store.write(descriptor, fromBuffer(raw))
  return {
    ...descriptor,
    annotations: {
      [subjectAnnotation]: digest,
      [annotations.kind]: annotations.attestation,
    },
    platform: unknownPlatform,
  }
}

interface Config {
  readonly descriptor: Descriptor
  readonly raw: Uint8Array
}

const empty = new TextEncoder().encode('{}')

const emptyConfig: Config = {
  raw: empty,
  descriptor: { mediaType: mediaType.empty, digest: sha256(empty), size: 2, data: 'e30=' },
}

/** The configuration of an image for no platform. Registries may look for it. */
function unknownConfig(layers: readonly Descriptor[]): Config {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) }
  const raw = encodeJson({ ...unknownPlatform, config: {}, rootfs })
  return {
    raw,
    descriptor: { mediaType: mediaType.ociConfig, digest: sha256(raw), size: raw.length },
  }
}
