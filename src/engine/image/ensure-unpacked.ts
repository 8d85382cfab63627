import type { Arrivals } from '#content'
import { type Image, isProved, unpackImage } from '#image'
import { chainIds, type Digest } from '#oci'
import { canChown, canMount } from '#platform'
import type { Lease } from '#records'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'

export interface UnpackOptions {
  /** Which layers have come, of a store that is still being filled. */
  readonly arrivals?: Arrivals | undefined
  /** The work that this is part of; work of its own unless given. */
  readonly lease?: Lease | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
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
  if (top === null || !canMount() || !canChown()) return top
  const snapshots = await engine.snapshots()
  const proved = image.layers.every((layer) => isProved(layer, engine.records.layers))
  if (proved && (await snapshots.has(top))) return top
  await using _lease = options.lease === undefined ? await beginUnpacking(engine, top) : undefined
  return await unpackImage(image, engine.content, snapshots, {
    ...options,
    pathOf: (digest) => engine.content.pathOf(digest),
    layers: engine.records.layers,
  })
}

/** Loaded here, so that an image that is unpacked already does not pay for it. */
async function beginUnpacking(engine: Engine, chainId: Digest): Promise<Lease> {
  const { beginWork } = await import('../begin-work.ts')
  return await beginWork(engine, `unpack ${chainId}`)
}
