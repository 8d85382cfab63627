import type { ContentSource } from '#content'
import { applyLayer } from '#layer'
import { ContentMismatchError, chainIds, type Digest, isStrakeError, type Layer } from '#oci'
import type { Layers } from '#records'
import type { Snapshotter } from '#snapshot'
import { type Bytes, counted, decompress, type Emit, hashed, silent } from '#stream'
import type { Image } from './image.ts'

export interface UnpackOptions {
  /** Is told which stored blob has which diff ID, once both are proved. */
  readonly layers?: Pick<Layers, 'link'>
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/** A collection at the same time may take away what was found a moment ago; not for ever. */
const mostAttempts = 5

/**
 * Makes the filesystem of an image and returns its chain ID, `null` for an image
 * without layers. Starts above the highest layer that is there already; of each
 * other layer, the bytes are decompressed and applied while their digest is
 * computed, and a layer that is not what the configuration says throws
 * `ContentMismatchError` and leaves nothing.
 */
export async function unpackImage(
  image: Image,
  source: ContentSource,
  snapshots: Snapshotter,
  options: UnpackOptions = {},
): Promise<Digest | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await unpackMissing(image, source, snapshots, options)
    } catch (error) {
      if (attempt === mostAttempts || !isStrakeError(error, 'NOT_FOUND')) throw error
    }
  }
}

async function unpackMissing(
  image: Image,
  source: ContentSource,
  snapshots: Snapshotter,
  options: UnpackOptions,
): Promise<Digest | null> {
  const chain = chainIds(image.layers.map(({ diffId }) => diffId))
  let done = chain.length
  while (done > 0 && !(await snapshots.has(chain[done - 1] ?? unreachable()))) done--
  for (const [index, layer] of image.layers.entries()) {
    if (index < done) continue
    options.signal?.throwIfAborted()
    const parent = chain[index - 1] ?? null
    await using snapshot = await snapshots.prepare(parent, { use: 'unpack' })
    const tarSize = await unpackLayer(layer, source, snapshot.root, options)
    await snapshot.commit(chain[index] ?? unreachable())
    options.layers?.link(layer.diffId, layer.descriptor, tarSize)
  }
  return chain.at(-1) ?? null
}

/** Returns the bytes of the layer's tar. */
async function unpackLayer(
  { descriptor, diffId }: Layer,
  source: ContentSource,
  root: string,
  { emit = silent, signal }: UnpackOptions,
): Promise<number> {
  const event = {
    type: 'transfer',
    id: descriptor.digest,
    action: 'unpack',
    total: descriptor.size,
  } as const
  const stored = source.read(descriptor, signal === undefined ? {} : { signal })
  const read = counted(stored, (current) => emit({ ...event, current }))
  let actual: Digest | undefined
  let tarSize = 0
  const tar = hashed(uncompressed(read, { descriptor, diffId }), ({ digest, size }) => {
    actual = digest
    tarSize = size
  })
  await applyLayer(tar, root, { emit, ...(signal !== undefined && { signal }) })
  if (actual !== diffId) {
    throw new ContentMismatchError(
      `layer ${descriptor.digest}`,
      `the diff ID ${diffId}`,
      actual ?? 'an archive that goes on behind its end',
    )
  }
  emit({ ...event, current: descriptor.size, done: true })
  return tarSize
}

/** A blob whose digest is its diff ID is not compressed, whatever it looks like. */
function uncompressed(bytes: Bytes, { descriptor, diffId }: Layer): Bytes {
  return descriptor.digest === diffId ? bytes : decompress(bytes)
}

function unreachable(): never {
  throw new RangeError('There is a chain ID for every layer')
}
