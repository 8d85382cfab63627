import { type Digest, isStrakeError } from '#oci'
import type { ForeignStep } from '../cache/foreign-records.ts'
import type { BuildContexts } from '../files/build-context.ts'
import { inDependencyOrder, type Vertex } from '../model/graph.ts'
import type { Material } from '../model/provenance.ts'
import type { FileState } from '../model/state.ts'
import type { BaseImage } from '../plan/base-images.ts'
import { Operations } from './describe.ts'
import { contentRecord, type Operation, type OperationInput } from './operation.ts'
import { contentReader } from './record-finder.ts'

export interface DescribedBuild {
  readonly images: ReadonlyMap<Digest, BaseImage>
  readonly contexts: BuildContexts
  readonly materials: ReadonlyMap<Digest, readonly Material[]>
  /** The results of the steps, by vertex. */
  readonly states: ReadonlyMap<Digest, FileState>
  /** Steps are left out that use a directory of a context with more files than `smallContext`. */
  readonly onlySmall: boolean
  readonly signal?: AbortSignal | undefined
}

/** The most files of a directory that are read for BuildKit alone: a second of work for most. */
const smallContext = 10_000

/**
 * Describes the steps of a build for caches that BuildKit reads, each after its inputs. A step that
 * BuildKit cannot find is left out.
 */
export async function foreignSteps(
  targets: readonly Vertex[],
  build: DescribedBuild,
): Promise<readonly ForeignStep[]> {
  const writer = new StepWriter(build)
  for (const vertex of inDependencyOrder(...targets)) await writer.add(vertex)
  return writer.steps
}

class StepWriter {
  readonly steps: ForeignStep[] = []
  readonly #states: DescribedBuild['states']
  readonly #operations: Operations
  readonly #contentOf: (input: OperationInput) => Promise<Digest | undefined>
  /** The places of the records of a vertex, and of other records by their digests and inputs. */
  readonly #ofVertex = new Map<Digest, readonly number[]>()
  readonly #places = new Map<string, number>()

  constructor({ images, contexts, materials, states, onlySmall, signal }: DescribedBuild) {
    this.#states = states
    this.#operations = new Operations(images, materials)
    this.#contentOf = contentReader(contexts, {
      most: onlySmall ? smallContext : undefined,
      signal,
    })
  }

  async add(vertex: Vertex): Promise<void> {
    const isImage = vertex.op.kind === 'image'
    const layers = isImage ? undefined : this.#states.get(vertex.digest)?.layers
    const places: number[] = []
    for (const operation of this.#operations.of(vertex)) {
      const place = await this.#addOperation(operation, layers)
      if (place !== undefined) places.push(place)
    }
    this.#ofVertex.set(vertex.digest, places)
  }

  async #addOperation(
    { digest, inputs }: Operation,
    layers?: ForeignStep['layers'],
  ): Promise<number | undefined> {
    const links: ForeignStep['inputs'][number][] = []
    for (const input of inputs) {
      const found = await this.#linksOf(input)
      if (found.length === 0) return undefined
      links.push(found)
    }
    return this.#put({ digest, inputs: links, layers })
  }

  async #linksOf(input: OperationInput): Promise<ForeignStep['inputs'][number]> {
    const { made, selector } = input
    if (made === undefined) {
      const content = await this.#readContent(input)
      if (content === undefined) return []
      return [{ step: this.#put({ digest: contentRecord(content), inputs: [] }) }]
    }
    if ('op' in made) {
      return (this.#ofVertex.get(made.digest) ?? []).map((step) => ({ step, selector }))
    }
    const step = await this.#addOperation(made)
    return step === undefined ? [] : [{ step, selector }]
  }

  /** Files that changed after their step read them have no digest. */
  async #readContent(input: OperationInput): Promise<Digest | undefined> {
    try {
      return await this.#contentOf(input)
    } catch (error) {
      if (isStrakeError(error)) return undefined
      throw error
    }
  }

  #put(step: ForeignStep): number {
    const key = JSON.stringify([step.digest, step.inputs])
    const known = this.#places.get(key)
    if (known !== undefined) return known
    this.#places.set(key, this.steps.length)
    return this.steps.push(step) - 1
  }
}
