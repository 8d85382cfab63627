import { readDocument, rememberDocuments } from '#content'
import { openImage, type ReadAttestation, readAttestations } from '#image'
import {
  type Descriptor,
  formatPlatform,
  formatReference,
  type ImageConfig,
  type Index,
  isIndexType,
  isRunnable,
  normalizePlatform,
  parseReference,
} from '#oci'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'

/** An image or index of a registry. */
export interface RemoteImage {
  /** The complete name. */
  readonly name: string
  readonly descriptor: Descriptor
  /** The bytes of the manifest or index. */
  readonly raw: Uint8Array
  /** Absent for an image of one platform. */
  readonly index?: Index | undefined
  /** Reads the configurations and attestations of all platforms. */
  readonly platforms: () => Promise<readonly RemotePlatform[]>
}

/** One image of an index. */
export interface RemotePlatform {
  /** `linux/amd64` */
  readonly platform: string
  readonly config: ImageConfig
  readonly attestations: readonly ReadAttestation[]
}

export interface InspectRemoteOptions {
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** Reads an image of a registry without pulling it. Throws `MANIFEST_UNKNOWN`, `UNAVAILABLE`. */
export async function inspectRemote(
  engine: Engine,
  text: string,
  { emit, signal }: InspectRemoteOptions = {},
): Promise<RemoteImage> {
  const reference = parseReference(text)
  const registry = await engine.registry(reference.registry, emit)
  const repository = registry.repository(reference.repository)
  const source = rememberDocuments(repository)
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  const descriptor = await repository.resolve(wanted, signal)
  const { raw, parsed } = await readDocument(source, descriptor, signal)
  const index = parsed.kind === 'index' ? parsed.index : undefined
  return {
    name: formatReference(reference),
    descriptor,
    raw,
    index,
    platforms: async () => {
      const { manifests } = index ?? { manifests: [descriptor] }
      const images = manifests.filter((each) => isRunnable(each) && !isIndexType(each.mediaType))
      return await Array.fromAsync(images, async (image) => {
        const { mediaType, digest, size } = image
        const { config } = await openImage(source, { mediaType, digest, size }, undefined, signal)
        const platform = formatPlatform(normalizePlatform(image.platform ?? config))
        const attestations = await readAttestations(source, { manifests, image: digest })
        return { platform, config, attestations }
      })
    },
  }
}
