import { Arrivals, type ContentSource, copy } from '#content'
import type { Image } from '#image'
import type { Lease } from '#records'
import { type Emit, mapConcurrently } from '#stream'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from './ensure-unpacked.ts'

/**
 * Copies an image into the store and unpacks its layers at the same time: each layer is
 * unpacked while it arrives. Returns when both are done. The first failure ends both.
 */
export async function receiveImage(
  engine: Engine,
  source: ContentSource,
  image: Image,
  options: {
    readonly emit: Emit
    /** The lease of the calling verb. */
    readonly lease?: Lease | undefined
    readonly signal?: AbortSignal | undefined
  },
): Promise<void> {
  const { emit, lease, signal } = options
  const arrivals = new Arrivals()
  const work = [
    async (stop: AbortSignal) => {
      await copy(source, engine.content, image.descriptor, {
        arrivals,
        emit,
        signal: stop,
      })
    },
    async (stop: AbortSignal) => {
      await ensureUnpacked(engine, image, { emit, arrivals, lease, signal: stop })
    },
  ]
  await mapConcurrently(work, work.length, (start, _, stop) => start(stop), signal)
}
