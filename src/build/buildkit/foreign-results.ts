import type { Descriptor, Digest } from '#oci'
import type { ForeignRecords } from '../cache/foreign-records.ts'
import type { FoundResult, PendingLayers } from '../cache/pending-layers.ts'
import type { CacheSource } from '../cache/source.ts'
import type { BuildContexts } from '../files/build-context.ts'
import type { Vertex } from '../model/graph.ts'
import type { Material } from '../model/provenance.ts'
import type { FileState } from '../model/state.ts'
import type { BaseImage } from '../plan/base-images.ts'
import { Operations } from './describe.ts'
import { contentReader, RecordFinder } from './record-finder.ts'
import { unpackedSize } from './unpacked-size.ts'

export interface ForeignOptions {
  readonly sources: readonly CacheSource[]
  readonly images: ReadonlyMap<Digest, BaseImage>
  readonly contexts: BuildContexts
  readonly materials: ReadonlyMap<Digest, readonly Material[]>
  readonly pending: Pick<PendingLayers, 'use'>
  readonly signal?: AbortSignal | undefined
}

/** A cache that BuildKit wrote, and what was found in it. */
interface ForeignCache {
  readonly source: CacheSource
  readonly records: ForeignRecords
  readonly finder: RecordFinder
}

/** Finds the results of steps in the caches of a build that BuildKit wrote. */
export class ForeignResults {
  readonly #pending: ForeignOptions['pending']
  readonly #caches: readonly ForeignCache[]

  constructor({ sources, images, contexts, materials, pending, signal }: ForeignOptions) {
    this.#pending = pending
    const operations = new Operations(images, materials)
    const contentOf = contentReader(contexts, { signal })
    this.#caches = sources.flatMap((source) => {
      const { foreign: records } = source
      if (records === undefined) return []
      return [{ source, records, finder: new RecordFinder(records.graph, operations, contentOf) }]
    })
  }

  /**
   * Returns the result of a step in the first cache that has it for the same layers below. Reads
   * a few bytes of the layer, and no more.
   */
  async find(
    vertex: Vertex,
    inputs: readonly FileState[],
    signal?: AbortSignal,
  ): Promise<FoundResult | undefined> {
    const below = inputs[0]?.layers.map(({ diffId }) => diffId) ?? []
    for (const { source, records, finder } of this.#caches) {
      for (const record of await finder.recordsOf(vertex)) {
        for (const chain of records.graph.results(record)) {
          const found = topLayer(records, chain, below)
          if (found === undefined) continue
          const { blob, diffId } = found
          const size = await unpackedSize(source.content, blob, signal)
          if (size === undefined) continue
          const facts = { layer: { diffId, size }, platforms: [] }
          const result = this.#pending.use(source, { facts, blob })
          if (result !== undefined) return result
        }
      }
    }
    return undefined
  }
}

/** The layer that a step added to `below`. A step that added none, or several, has no result here. */
function topLayer(
  { layers }: ForeignRecords,
  chain: readonly Digest[],
  below: readonly Digest[],
): { readonly blob: Descriptor; readonly diffId: Digest } | undefined {
  if (chain.length !== below.length + 1) return undefined
  const found = chain.map((blob) => layers.get(blob))
  const isSame = below.every((diffId, height) => found[height]?.diffId === diffId)
  return isSame ? found.at(-1) : undefined
}
