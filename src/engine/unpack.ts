import { type Image, unpackImage } from '#image'
import type { Descriptor } from '#oci'
import type { Emit } from '#stream'
import type { Engine } from './engine.ts'

export interface UnpackOptions {
  /** Waits until the store has a layer. */
  readonly arrival?: (layer: Descriptor) => Promise<void>
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/**
 * Has the file system of an image ready to run, proving its layers on the way.
 * Without the rights to mount, images can still be kept, copied and served, so
 * then nothing is done.
 */
export async function unpack(
  engine: Engine,
  image: Image,
  options: UnpackOptions = {},
): Promise<void> {
  if (process.getuid?.() !== 0) return
  await unpackImage(image, engine.content, await engine.snapshots(), {
    ...options,
    pathOf: (digest) => engine.content.pathOf(digest),
    layers: engine.records.layers,
  })
}
