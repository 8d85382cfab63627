import type { Descriptor, Digest } from '#oci'
import type { CacheConfig, KnownResult } from './model.ts'

/**
 * Returns the results of steps of strake in a cache, by key in hex. `blobs` has the descriptors of
 * layers by digest; a result whose blob is not there has none.
 */
export function knownResults(
  { layers, records }: Pick<CacheConfig, 'layers' | 'records'>,
  blobs: ReadonlyMap<Digest, Descriptor>,
): ReadonlyMap<string, KnownResult> {
  const known = new Map<string, KnownResult>()
  for (const { digest, results, step } of records) {
    if (step === undefined || !digest.startsWith('sha256:')) continue
    const [index] = results
    const layer = index === undefined ? undefined : layers[index]
    const blob = layer === undefined || step.layer === null ? undefined : blobs.get(layer.blob)
    known.set(digest.slice('sha256:'.length), { facts: step, blob })
  }
  return known
}

/** The descriptors in a configuration, for caches without a manifest. */
export function describedBlobs({
  layers,
}: Pick<CacheConfig, 'layers'>): ReadonlyMap<Digest, Descriptor> {
  return new Map(
    layers.flatMap(({ blob, details }) =>
      details === undefined
        ? []
        : [[blob, { mediaType: details.mediaType, digest: blob, size: details.size }] as const],
    ),
  )
}
