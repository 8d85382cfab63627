import type { ContentStore } from '#content'
import { type Descriptor, type Layer, layerCompression, mediaType } from '#oci'
import { createImage } from '../create.ts'
import type { Image } from '../image.ts'
import { type EstargzFacts, writeEstargz } from './estargz.ts'
import { isForeign, plainBytes } from './plain-layer.ts'

const tocAnnotation = 'containerd.io/snapshot/stargz/toc.digest'
const sizeAnnotation = 'io.containers.estargz.uncompressed-size'

/** As the reference implementation compresses by default. */
const usualLevel = 9

export interface EstargzOptions {
  /** 0 to 9. */
  readonly level?: number | undefined
  /** Also converts layers that are compressed already. */
  readonly isForced?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes an image whose layers are eStargz, and describes its manifest. A layer with a table of
 * contents is another archive, so diff IDs and the image ID are new.
 */
export async function convertToEstargz(
  image: Image,
  store: ContentStore,
  { level = usualLevel, isForced = false, signal = never() }: EstargzOptions = {},
): Promise<Descriptor> {
  const layers: Layer[] = []
  for (const layer of image.layers) {
    const isConverted = needsTable(layer, isForced)
    layers.push(isConverted ? await convertLayer(layer, store, level, signal) : layer)
  }
  if (layers.every((layer, index) => layer === image.layers[index])) return image.descriptor
  const { config, manifest } = image
  const { annotations } = manifest
  const made = await createImage(store, {
    config,
    layers,
    ...(annotations !== undefined && { annotations }),
  })
  return made.descriptor
}

/** A layer that is compressed already is converted only when that is forced. */
function needsTable({ descriptor }: Layer, isForced: boolean): boolean {
  if (isForeign(descriptor)) return false
  if (layerCompression(descriptor.mediaType) === 'none') return true
  return isForced && descriptor.annotations?.[tocAnnotation] === undefined
}

async function convertLayer(
  layer: Layer,
  store: ContentStore,
  level: number,
  signal: AbortSignal,
): Promise<Layer> {
  const known: EstargzFacts[] = []
  await using ingest = await store.ingest()
  try {
    const tar = plainBytes(layer, store, signal)
    await ingest.append(writeEstargz(tar, { level, onEnd: (facts) => void known.push(facts) }))
  } catch (error) {
    await ingest.abort()
    throw error
  }
  const { size } = ingest
  const digest = await ingest.commit()
  const [facts] = known
  if (facts === undefined) throw new TypeError('a layer was stored before it was written')
  const { diffId, tarSize, tocDigest } = facts
  const annotations = { [tocAnnotation]: tocDigest, [sizeAnnotation]: String(tarSize) }
  return { descriptor: { mediaType: mediaType.ociLayerGzip, digest, size, annotations }, diffId }
}

function never(): AbortSignal {
  return new AbortController().signal
}
