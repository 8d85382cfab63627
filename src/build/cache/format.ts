import { type Descriptor, type Digest, encodeJson } from '#oci'
import type { CacheConfig, CacheLayer, CacheRecord, StepFacts } from './model.ts'

/** The result of a step that goes into a cache. */
export interface PortableStep {
  /** Hex. */
  readonly key: string
  readonly facts: StepFacts
  /** Absent when only the name of the layer goes into the cache. */
  readonly blob?: Descriptor | undefined
}

/**
 * Makes the configuration of a cache. The same steps in any order give the same bytes. `details`
 * writes the descriptors of layers too, for caches without a manifest.
 */
export function collectSteps(
  steps: readonly PortableStep[],
  { details = false }: { readonly details?: boolean } = {},
): Pick<CacheConfig, 'layers' | 'records'> {
  const blobs = new Map<Digest, CacheLayer>()
  for (const { blob, facts } of steps) {
    if (blob === undefined || facts.layer === null) continue
    const { mediaType, size, digest } = blob
    const described = { mediaType, size, diffId: facts.layer.diffId }
    blobs.set(digest, { blob: digest, parent: -1, details: details ? described : undefined })
  }
  const layers = [...blobs.values()].toSorted((a, b) => (a.blob < b.blob ? -1 : 1))
  const indexes = new Map(layers.map(({ blob }, index) => [blob, index]))
  const records = new Map<string, CacheRecord>()
  for (const { key, facts, blob } of steps) {
    const index = blob === undefined ? undefined : indexes.get(blob.digest)
    records.set(key, {
      digest: `sha256:${key}`,
      results: index === undefined ? [] : [index],
      chains: [],
      inputs: [],
      step: facts,
    })
  }
  const sorted = [...records.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
  return { layers, records: sorted }
}

/** Formats a configuration as BuildKit does, with the members of strake after its own. */
export function formatCacheConfig({ layers, records, mounts }: CacheConfig): Uint8Array {
  return encodeJson({
    layers: layers.map(layerDocument),
    records: records.map(recordDocument),
    ...(mounts.length > 0 && { strake: { mounts } }),
  })
}

/** Formats records for the configuration of an image. */
export function formatInlineRecords(records: readonly CacheRecord[]): Uint8Array {
  return encodeJson(records.map(recordDocument))
}

/** Go's zero time. A time would give the same cache another digest. */
const noTime = '0001-01-01T00:00:00Z'

function layerDocument({ blob, parent, details }: CacheLayer): object {
  return {
    blob,
    // Go leaves out a zero.
    ...(parent !== 0 && { parent }),
    ...(details !== undefined && {
      annotations: {
        mediaType: details.mediaType,
        diffID: details.diffId,
        size: details.size,
        createdAt: noTime,
      },
    }),
  }
}

function recordDocument({ digest, results, chains, inputs, step }: CacheRecord): object {
  return {
    ...(results.length > 0 && { layers: results.map((layer) => ({ layer, createdAt: noTime })) }),
    ...(chains.length > 0 && { chains: chains.map((layers) => ({ layers, createdAt: noTime })) }),
    digest,
    ...(inputs.length > 0 && {
      inputs: inputs.map((links) =>
        links.map(({ record, selector }) => ({
          ...(selector !== undefined && { selector }),
          link: record,
        })),
      ),
    }),
    ...(step !== undefined && { strake: stepDocument(step) }),
  }
}

function stepDocument({ layer, contentKey, platforms }: StepFacts): object {
  return {
    ...(contentKey !== undefined && { content: contentKey }),
    layer: layer && {
      diffId: layer.diffId,
      size: layer.size,
      ...(layer.epoch !== undefined && { epoch: layer.epoch }),
      ...(layer.isAdditive === true && { additive: true }),
    },
    platforms: [...platforms].sort(),
  }
}
