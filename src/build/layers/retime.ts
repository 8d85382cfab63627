import { readTar, type TarInput, writeTar } from '#tar'
import type { StateLayer } from '../model/state.ts'
import { findCached, rememberResult } from '../step/cache.ts'
import { createKey } from '../step/key.ts'
import type { StepContext } from '../step/workspace.ts'
import { storeLayer } from './store-layer.ts'

/**
 * The layer as a build from nothing would make it now. A cached layer was
 * clamped to the epoch of its day, so its times say when this store happened to
 * make it; without this, a warm store and an empty one would come to different
 * digests. What was the old epoch, or is later than the new one, becomes the new one.
 */
export async function retimeLayer(
  layer: StateLayer,
  epoch: number,
  context: Pick<StepContext, 'services' | 'signal'>,
): Promise<StateLayer> {
  const { services, signal } = context
  const from = layer.epoch
  if (from === undefined || from === epoch) return layer
  const parts = { layer: layer.diffId, from: String(from), to: String(epoch) }
  const key = createKey({ operation: 'retime', ...parts })
  const known = await findCached(services, key, signal)
  if (known) return known
  const bytes = services.store.read(layer.descriptor, { signal })
  const retimed = await storeLayer(context, writeTar(retimeEntries(bytes, from, epoch)), { epoch })
  rememberResult(services, key, retimed)
  return retimed ?? layer
}

async function* retimeEntries(
  bytes: Parameters<typeof readTar>[0],
  from: number,
  to: number,
): AsyncGenerator<TarInput> {
  for await (const entry of readTar(bytes)) {
    yield { ...entry, mtime: entry.mtime === from ? to : Math.min(entry.mtime, to) }
  }
}
