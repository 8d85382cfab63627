import type { ContentStore } from '#content'
import {
  ContentMismatchError,
  type Descriptor,
  digestAlgorithm,
  type Layer,
  layerCompression,
  mediaType,
} from '#oci'
import { type Bytes, createHasher, decompress } from '#stream'

/** What a layer becomes. */
export type LayerForm = 'uncompressed' | 'gzip' | 'zstd'

/**
 * True when a layer must be written in another form: an uncompressed one always, one that is
 * compressed otherwise only when that is forced. Foreign layers stay as their publisher made them.
 */
export function needsForm({ descriptor }: Layer, form: LayerForm, isForced: boolean): boolean {
  if (isForeign(descriptor)) return false
  const own = layerCompression(descriptor.mediaType)
  if (own === 'none') return form !== 'uncompressed'
  return isForced && own !== form
}

/** True for a layer that only its publisher distributes. */
export function isForeign({ mediaType: type }: Descriptor): boolean {
  return /\.(?:foreign|nondistributable)\./.test(type)
}

/** The archive of a layer, decompressed. Throws `ContentMismatchError` at its end for another diff ID. */
export function plainBytes(
  { descriptor, diffId }: Layer,
  store: ContentStore,
  signal: AbortSignal,
): Bytes {
  const stored = store.read(descriptor, { reusesChunks: true, signal })
  if (layerCompression(descriptor.mediaType) === 'none') return stored
  return proved(decompress(stored), diffId)
}

async function* proved(tar: Bytes, diffId: Layer['diffId']): Bytes {
  const hasher = createHasher(digestAlgorithm(diffId))
  for await (const chunk of tar) {
    hasher.update(chunk)
    yield chunk
  }
  const actual = hasher.digest()
  if (actual !== diffId) throw new ContentMismatchError('layer', `the diff ID ${diffId}`, actual)
}

/** Stores the archive of a layer uncompressed. */
export async function storePlain(
  layer: Layer,
  store: ContentStore,
  signal: AbortSignal,
): Promise<Descriptor> {
  await using ingest = await store.ingest()
  try {
    await ingest.append(plainBytes(layer, store, signal))
  } catch (error) {
    await ingest.abort()
    throw error
  }
  const { size } = ingest
  const digest = await ingest.commit()
  const isDocker = layer.descriptor.mediaType.includes('.docker.')
  return { mediaType: isDocker ? mediaType.dockerLayer : mediaType.ociLayer, digest, size }
}
