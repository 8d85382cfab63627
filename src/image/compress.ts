import type { ContentStore } from '#content'
import { type Descriptor, type Digest, type Layer, layerCompression, mediaType } from '#oci'
import { type CompressThreads, openCompressThreads } from '#platform'
import type { Records } from '#records'
import { counted, type Emit, gzip, mapConcurrently, silent, zstd } from '#stream'
import { writeImage } from './create.ts'
import type { Image } from './image.ts'

export interface CompressImageOptions {
  /** Default `gzip`, which every registry and engine reads. */
  readonly compression?: 'gzip' | 'zstd'
  /** Is told every layer of the result as soon as it is in the store, also those that were. */
  readonly onLayer?: (layer: Descriptor, signal: AbortSignal) => Promise<void>
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/** Measured: see docs/decisions/007-how-layers-are-compressed.md. */
const levels = { gzip: 1, zstd: 1 }

/** Layers at a time: one large layer keeps all processors busy, many small ones wait for syncs. */
const concurrency = 3

/**
 * Makes the form of an image to push and describes its manifest: the same
 * configuration and image ID, every uncompressed layer compressed. Compressed
 * blobs are stored and remembered by diff ID, so nothing is compressed twice;
 * layers that are compressed already stay as they are. An image without
 * uncompressed layers keeps its manifest.
 */
export async function compressImage(
  image: Image,
  store: ContentStore,
  records: Pick<Records, 'layers'>,
  options: CompressImageOptions = {},
): Promise<Descriptor> {
  const { compression: format = 'gzip' } = options
  using threads = openCompressThreads({ format, level: levels[format] })
  const layers = await mapConcurrently(
    image.layers,
    concurrency,
    async (layer, _, signal) => {
      const isCompressed = layerCompression(layer.descriptor.mediaType) !== 'none'
      const compressed = isCompressed
        ? layer.descriptor
        : await compressLayer(layer, store, records, { ...options, threads, signal })
      await options.onLayer?.(compressed, signal)
      return compressed
    },
    options.signal,
  )
  const isSame = layers.every((layer, index) => layer === image.layers[index]?.descriptor)
  if (isSame) return image.descriptor
  const { config, configRaw } = image
  const manifest = { ...image.manifest, layers }
  return (await writeImage(store, { manifest, config, configRaw })).descriptor
}

async function compressLayer(
  { descriptor, diffId }: Layer,
  store: ContentStore,
  records: Pick<Records, 'layers'>,
  options: CompressImageOptions & {
    readonly threads: CompressThreads
    readonly signal: AbortSignal
  },
): Promise<Descriptor> {
  const { compression = 'gzip', threads, emit = silent, signal } = options
  const type = compressedType(descriptor.mediaType, compression)
  const known = await findCompressed(diffId, compression, { store, records })
  if (known !== undefined) return { mediaType: type, digest: known.digest, size: known.size }
  const event = {
    type: 'transfer',
    id: diffId,
    action: 'compress',
    total: descriptor.size,
  } as const
  const tar = counted(store.read(descriptor, { signal }), (current) => emit({ ...event, current }))
  const compress = compression === 'gzip' ? gzip : zstd
  await using ingest = await store.ingest()
  try {
    await ingest.append(compress(tar, { member: (chunk) => threads.compress(chunk) }))
  } catch (error) {
    await ingest.abort()
    throw error
  }
  const { size } = ingest
  const compressed = { mediaType: type, digest: await ingest.commit(), size }
  records.layers.link(diffId, compressed, descriptor.size)
  emit({ ...event, current: descriptor.size, done: true })
  return compressed
}

async function findCompressed(
  diffId: Digest,
  compression: 'gzip' | 'zstd',
  { store, records }: { store: ContentStore; records: Pick<Records, 'layers'> },
): Promise<Descriptor | undefined> {
  for (const candidate of records.layers.compressedOf(diffId)) {
    if (layerCompression(candidate.mediaType) !== compression) continue
    if (await store.has(candidate)) return candidate
  }
  return undefined
}

function compressedType(type: string, compression: 'gzip' | 'zstd'): string {
  if (type === mediaType.dockerLayer) {
    return compression === 'gzip' ? mediaType.dockerLayerGzip : mediaType.dockerLayerZstd
  }
  return compression === 'gzip' ? mediaType.ociLayerGzip : mediaType.ociLayerZstd
}
