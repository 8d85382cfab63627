import { type CacheConfig, collectSteps, knownResults, type PortableStep } from '#build'
import type { Descriptor, Digest } from '#oci'
import type { StoredCache } from './place.ts'

/**
 * Makes the cache to write: the steps of this build, and those that only builds for other
 * platforms used, from the caches that are there now.
 */
export function mergeSteps(
  steps: readonly PortableStep[],
  before: readonly StoredCache[],
  { hasDetails, mounts }: { readonly hasDetails: boolean; readonly mounts: CacheConfig['mounts'] },
): StoredCache {
  const built = new Set(steps.flatMap(({ facts }) => facts.platforms))
  const merged = new Map<string, PortableStep>()
  for (const { config, blobs } of before) {
    for (const [key, { facts, blob }] of knownResults(config, blobs)) {
      const platforms = facts.platforms.filter((platform) => !built.has(platform))
      if (platforms.length > 0) merged.set(key, { key, facts: { ...facts, platforms }, blob })
    }
  }
  for (const step of steps) {
    const others = merged.get(step.key)?.facts.platforms ?? []
    const platforms = [...new Set([...step.facts.platforms, ...others])]
    merged.set(step.key, { ...step, facts: { ...step.facts, platforms } })
  }
  const all = [...merged.values()]
  const config = collectSteps(all, { details: hasDetails })
  const order = new Map(config.layers.map(({ blob }, index) => [blob, index]))
  const blobs = new Map<Digest, Descriptor>(
    all
      .flatMap(({ blob }) => (blob === undefined ? [] : [[blob.digest, blob] as const]))
      .filter(([digest]) => order.has(digest))
      .toSorted(([a], [b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0)),
  )
  return { config: { ...config, mounts }, blobs }
}
