import { type Descriptor, type Digest, isDigest, layerCompression } from '#oci'
import type { CacheConfig } from './model.ts'
import { RecordGraph } from './record-graph.ts'

/** The records that BuildKit wrote into a cache, and the layers of their results. */
export interface ForeignRecords {
  readonly graph: RecordGraph
  /** By the digest of the blob. */
  readonly layers: ReadonlyMap<Digest, { readonly blob: Descriptor; readonly diffId: Digest }>
}

/** The annotation with the diff ID of a layer. */
const uncompressed = 'containerd.io/uncompressed'

/** Returns the records of BuildKit, or `undefined` when a cache has none. */
export function foreignRecords(
  config: Pick<CacheConfig, 'layers' | 'records'>,
  blobs: ReadonlyMap<Digest, Descriptor>,
): ForeignRecords | undefined {
  const graph = new RecordGraph(config)
  if (graph.isEmpty) return undefined
  const details = new Map(config.layers.map((layer) => [layer.blob, layer.details]))
  const layers = [...blobs].flatMap(([digest, blob]) => {
    const own = layerCompression(blob.mediaType) === 'none' ? digest : undefined
    const annotated = blob.annotations?.[uncompressed] ?? details.get(digest)?.diffId ?? own
    return annotated !== undefined && isDigest(annotated)
      ? [[digest, { blob, diffId: annotated }] as const]
      : []
  })
  return { graph, layers: new Map(layers) }
}
