import { type Digest, isLayerType, limits } from '#oci'
import { toBuffer } from '#stream'
import { rangeOf } from './range.ts'
import type { ContentSource } from './store.ts'

/**
 * Returns a source that fetches each manifest and config once. Documents that were read
 * whole stay in memory while the source is in use. It keeps no layers.
 */
export function rememberDocuments(source: ContentSource): ContentSource {
  const known = new Map<Digest, Uint8Array>()
  return {
    async has(target, signal) {
      return known.get(target.digest)?.length === target.size || source.has(target, signal)
    },
    async *read(target, options = {}) {
      const { start, end, isWhole } = rangeOf(target, options)
      const kept = known.get(target.digest)
      if (kept?.length === target.size) {
        yield kept.subarray(start, end)
        return
      }
      const mayKeep = target.size <= limits.manifestSize && !isLayerType(target.mediaType)
      if (!isWhole || !mayKeep || options.readerVerifies === true) {
        yield* source.read(target, options)
        return
      }
      const bytes = await toBuffer(source.read(target, options), target.size, target.digest)
      known.set(target.digest, bytes)
      yield bytes
    },
  }
}
