import type { Arrivals } from '#content'
import { type Image, isProved } from '#image'
import { chainIds, type Digest } from '#oci'
import { canChown, canMount } from '#platform'
import type { Lease } from '#records'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'

export interface UnpackOptions {
  /** The layers that have arrived, if the content is still being copied. */
  readonly arrivals?: Arrivals | undefined
  /** The lease of the calling verb. Default: a lease of its own. */
  readonly lease?: Lease | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes the file system of an image ready to run, verifies its layers, and returns its
 * chain ID. Does nothing if this process may not mount: it can still store, copy and
 * serve images.
 */
export async function ensureUnpacked(
  engine: Engine,
  image: Image,
  options: UnpackOptions = {},
): Promise<Digest | null> {
  const top = chainIds(image.layers.map(({ diffId }) => diffId)).at(-1) ?? null
  if (top === null || !canMount() || !canChown()) return top
  const snapshots = await engine.snapshots()
  const proved = image.layers.every((layer) => isProved(layer, engine.records.layers))
  if (proved && (await snapshots.has(top))) return top
  await using _lease = options.lease === undefined ? await beginUnpacking(engine, top) : undefined
  const { unpackImage } = await import('#image/unpack')
  return await unpackImage(image, engine.content, snapshots, {
    ...options,
    pathOf: (digest) => engine.content.pathOf(digest),
    layers: engine.records.layers,
  })
}

/** Imports the code here, because an image that is already unpacked does not need it. */
async function beginUnpacking(engine: Engine, chainId: Digest): Promise<Lease> {
  const { beginWork } = await import('../begin-work.ts')
  return await beginWork(engine, `unpack ${chainId}`)
}
