import type { Digest } from '#oci'
import type { CacheConfig, CacheRecord } from './model.ts'

/** The records of a cache, by their digests. */
export class RecordGraph {
  readonly #config: Pick<CacheConfig, 'layers' | 'records'>
  readonly #byDigest = new Map<string, number[]>()

  constructor(config: Pick<CacheConfig, 'layers' | 'records'>) {
    this.#config = config
    for (const [index, { digest }] of config.records.entries()) {
      const known = this.#byDigest.get(digest)
      if (known === undefined) this.#byDigest.set(digest, [index])
      else known.push(index)
    }
  }

  get isEmpty(): boolean {
    return this.#byDigest.size === 0
  }

  /** The records of a source, or of files. */
  roots(digest: Digest): readonly number[] {
    return this.#find(digest, ({ inputs }) => inputs.length === 0)
  }

  /** The records of an operation whose inputs may be the given ones. */
  made(digest: Digest, inputs: readonly (readonly PossibleInput[])[]): readonly number[] {
    return this.#find(
      digest,
      (record) =>
        record.inputs.length === inputs.length &&
        inputs.every((possible, at) =>
          record.inputs[at]?.some((link) =>
            possible.some(
              ({ record: index, selector }) =>
                link.record === index && (link.selector ?? '') === (selector ?? ''),
            ),
          ),
        ),
    )
  }

  /** The blobs of the results of a record: each a file system, bottom first. */
  results(index: number): readonly (readonly Digest[])[] {
    const record = this.#config.records[index]
    if (record === undefined) return []
    const chains = [...record.results.map((layer) => this.#below(layer)), ...record.chains]
    return chains.map((chain) => chain.flatMap((layer) => this.#config.layers[layer]?.blob ?? []))
  }

  #below(layer: number): readonly number[] {
    const chain: number[] = []
    for (let at = layer; at >= 0; at = this.#config.layers[at]?.parent ?? -1) chain.push(at)
    return chain.reverse()
  }

  #find(digest: Digest, fits: (record: CacheRecord) => boolean): readonly number[] {
    return (this.#byDigest.get(digest) ?? []).filter((index) => {
      const record = this.#config.records[index]
      return record !== undefined && fits(record)
    })
  }
}

/** A record that may be an input, and the paths that are used of it. */
export interface PossibleInput {
  readonly record: number
  readonly selector?: Digest | undefined
}
