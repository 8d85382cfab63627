import { type Arrival, type Image, isProved, unpackImage } from '#image'
import { chainIds, type Descriptor, type Digest } from '#oci'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'

export interface UnpackOptions {
  /** Waits until a layer comes, for a store that is still being filled. */
  readonly arrival?: (layer: Descriptor) => Promise<Arrival>
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/**
 * Has the file system of an image ready to run, proving its layers on the way; gives
 * its chain ID. Without the rights to mount, images can still be kept, copied and
 * served, so then nothing is done.
 */
export async function ensureUnpacked(
  engine: Engine,
  image: Image,
  options: UnpackOptions = {},
): Promise<Digest | null> {
  const top = chainIds(image.layers.map(({ diffId }) => diffId)).at(-1) ?? null
  if (top === null || process.getuid?.() !== 0) return top
  const snapshots = await engine.snapshots()
  const proved = image.layers.every((layer) => isProved(layer, engine.records.layers))
  if (proved && (await snapshots.has(top))) return top
  // Whose image is unpacked already starts without it.
  const { beginWork } = await import('../begin-work.ts')
  using _lease = await beginWork(engine, `unpack ${top}`)
  return await unpackImage(image, engine.content, snapshots, {
    ...options,
    pathOf: (digest) => engine.content.pathOf(digest),
    layers: engine.records.layers,
  })
}
