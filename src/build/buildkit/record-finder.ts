import type { Digest } from '#oci'
import type { PossibleInput, RecordGraph } from '../cache/record-graph.ts'
import { type BuildContexts, contextNamed } from '../files/build-context.ts'
import type { Vertex } from '../model/graph.ts'
import { type ContentLimits, contextDigest } from './content-digest.ts'
import type { Operations } from './describe.ts'
import { contentRecord, type Operation, type OperationInput } from './operation.ts'

/** Finds the records of steps in one cache of BuildKit. */
export class RecordFinder {
  readonly #graph: RecordGraph
  readonly #operations: Operations
  readonly #contentOf: (input: OperationInput) => Promise<Digest | undefined>
  readonly #found = new Map<Digest, Promise<readonly number[]>>()

  constructor(
    graph: RecordGraph,
    operations: Operations,
    contentOf: (input: OperationInput) => Promise<Digest | undefined>,
  ) {
    this.#graph = graph
    this.#operations = operations
    this.#contentOf = contentOf
  }

  /** The records that may be the result of a step. */
  async recordsOf(vertex: Vertex): Promise<readonly number[]> {
    const finding = this.#found.get(vertex.digest) ?? this.#find(this.#operations.of(vertex))
    this.#found.set(vertex.digest, finding)
    return await finding
  }

  async #find(operations: readonly Operation[]): Promise<readonly number[]> {
    const found: number[] = []
    for (const { digest, inputs } of operations) {
      if (inputs.length === 0) {
        found.push(...this.#graph.roots(digest))
        continue
      }
      const possible: (readonly PossibleInput[])[] = []
      for (const input of inputs) possible.push(await this.#possible(input))
      found.push(...this.#graph.made(digest, possible))
    }
    return found
  }

  async #possible(input: OperationInput): Promise<readonly PossibleInput[]> {
    const { made, selector } = input
    if (made !== undefined) {
      const records = await ('op' in made ? this.recordsOf(made) : this.#find([made]))
      return records.map((record) => ({ record, selector }))
    }
    const content = await this.#contentOf(input)
    if (content === undefined) return []
    return this.#graph.roots(contentRecord(content)).map((record) => ({ record }))
  }
}

/** Returns a function that hashes the files of an input, each once for all caches. */
export function contentReader(
  contexts: BuildContexts,
  limits: ContentLimits = {},
): (input: OperationInput) => Promise<Digest | undefined> {
  const known = new Map<string, Promise<Digest | undefined>>()
  return (input) => {
    const { content } = input
    if (content === undefined) return Promise.resolve(undefined)
    const key = JSON.stringify(content)
    const { tree } = contextNamed(contexts, content.context)
    const reading = known.get(key) ?? contextDigest(tree, content.paths, limits)
    known.set(key, reading)
    return reading
  }
}
