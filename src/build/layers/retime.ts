import { readTar, type TarInput, writeTar } from '#tar'
import type { StateLayer } from '../model/state.ts'
import { createKey } from '../step/key.ts'
import { findCached, rememberResult } from '../step/step-cache.ts'
import type { StepContext } from '../step/workspace.ts'
import { storeLayer } from './store-layer.ts'

/**
 * Returns the layer that a build without a cache would make now. A cached layer was
 * clamped to the epoch of its build, so a store with a cache and one without would
 * come to different digests. Times that equal the old epoch or are later than the
 * new one become the new one.
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
