import { Fields, type Layer, parseJson } from '#oci'
import { formatInlineRecords } from './format.ts'
import type { CacheConfig, CacheRecord, StepFacts } from './model.ts'
import { parseInlineRecords } from './parse.ts'

/** The member of an image configuration with the records of a cache, in base64. */
const member = 'moby.buildkit.cache.v0'

/** A step whose result may be a layer of the image. */
export interface InlineStep {
  /** Hex. */
  readonly keys: readonly string[]
  readonly facts: StepFacts
}

/**
 * Returns the member for the configuration of an image with these layers. A result that is no
 * layer of the image goes in by name alone.
 */
export function inlineCache(
  steps: readonly InlineStep[],
  layers: readonly Layer[],
): { readonly [member]: string } {
  const indexes = new Map(layers.map(({ diffId }, index) => [diffId, index]))
  const records = steps.flatMap(({ keys, facts }): CacheRecord[] => {
    const index = facts.layer === null ? undefined : indexes.get(facts.layer.diffId)
    const results = index === undefined ? [] : [index]
    return keys.map((key) => ({
      digest: `sha256:${key}`,
      results,
      chains: [],
      inputs: [],
      step: facts,
    }))
  })
  const sorted = [...new Map(records.map((each) => [each.digest, each])).values()].toSorted(
    (a, b) => (a.digest < b.digest ? -1 : 1),
  )
  return { [member]: Buffer.from(formatInlineRecords(sorted)).toString('base64') }
}

/** Reads the cache in an image configuration; `undefined` when it has none. Throws `INVALID`. */
export function parseInlineCache(
  config: Uint8Array,
  layers: readonly Layer[],
): CacheConfig | undefined {
  const document = { what: 'the image configuration', code: 'INVALID' } as const
  const fields = new Fields(parseJson(config, document.what), [], document)
  const text = fields.string(member)
  if (text === undefined) return undefined
  const records = Buffer.from(text, 'base64')
  return parseInlineRecords(records, layers)
}
