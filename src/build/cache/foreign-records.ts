import { type Descriptor, type Digest, isDigest, layerCompression } from '#oci'
import type { StateLayer } from '../model/state.ts'
import type { CacheConfig, CacheRecord } from './model.ts'
import { RecordGraph } from './record-graph.ts'

/** The records that BuildKit wrote into a cache, and the layers of their results. */
export interface ForeignRecords {
  readonly graph: RecordGraph
  /** By the digest of the blob. */
  readonly layers: ReadonlyMap<Digest, { readonly blob: Descriptor; readonly diffId: Digest }>
}

/** A step for caches that BuildKit reads. */
export interface ForeignStep {
  /** The digest of its record. */
  readonly digest: Digest
  /** For every input, the steps of the list that it may be. */
  readonly inputs: readonly (readonly ForeignLink[])[]
  /** The file system that it made, bottom first. Absent for sources. */
  readonly layers?: readonly StateLayer[] | undefined
}

export interface ForeignLink {
  /** The place of a step in the list, before this one. */
  readonly step: number
  readonly selector?: Digest | undefined
}

/**
 * Adds the records of steps for BuildKit to a configuration. A result needs the blobs of all its
 * layers; without one of them, the record is only a name for the inputs of others.
 */
export function addForeignSteps(
  config: CacheConfig,
  steps: readonly ForeignStep[],
  blobs: ReadonlyMap<Digest, Descriptor>,
  { details = false }: { readonly details?: boolean } = {},
): CacheConfig {
  const layers = [...config.layers]
  const places = new Map<string, number>()
  const placeOf = (chain: readonly StateLayer[]): number | undefined => {
    let parent = -1
    for (const { diffId } of chain) {
      const blob = blobs.get(diffId)
      if (blob === undefined) return undefined
      const { digest, mediaType, size } = blob
      const key = `${parent} ${digest}`
      const described = { mediaType, diffId, size }
      const place =
        places.get(key) ??
        layers.push({ blob: digest, parent, details: details ? described : undefined }) - 1
      places.set(key, place)
      parent = place
    }
    return parent === -1 ? undefined : parent
  }
  const first = config.records.length
  const records = steps.map(({ digest, inputs, layers: chain = [] }): CacheRecord => {
    const result = placeOf(chain)
    return {
      digest,
      results: result === undefined ? [] : [result],
      chains: [],
      inputs: inputs.map((links) =>
        links.map(({ step, selector }) => ({ record: first + step, selector })),
      ),
    }
  })
  return { ...config, layers, records: [...config.records, ...records] }
}

/** The annotation with the diff ID of a layer. */
const uncompressed = 'containerd.io/uncompressed'

/**
 * Returns the records of BuildKit, or `undefined` when a cache has none. The records for BuildKit in a
 * cache of strake say nothing that its own records do not say.
 */
export function foreignRecords(
  config: Pick<CacheConfig, 'layers' | 'records'>,
  blobs: ReadonlyMap<Digest, Descriptor>,
): ForeignRecords | undefined {
  if (config.records.some(({ step }) => step !== undefined)) return undefined
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
