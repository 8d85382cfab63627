import type { Arriving, ContentSource } from '#content'
import { chainIds, type Descriptor, type Digest, isStrakeError, type Layer } from '#oci'
import type { Layers } from '#records'
import type { LayerSource, Snapshotter } from '#snapshot'
import { counted, decompress, type Emit, silent } from '#stream'
import type { TarListing } from '#tar'

export interface UnpackOptions {
  /** Where the source keeps a blob as a file: layers that are not compressed are then not read through us. */
  readonly pathOf?: (digest: Digest) => string
  /** What the archive of a layer holds, if that is known; only asked with `pathOf`. */
  readonly listingOf?: (diffId: Digest) => TarListing | undefined
  /** Is told which stored blob has which diff ID, once both are proved. */
  readonly layers?: Pick<Layers, 'link'>
  /** Waits until a layer comes, for a source that is still being filled. */
  readonly arrival?: (layer: Descriptor) => Promise<Arrival>
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/** A layer on its way into the source. */
export interface Arrival {
  /** What can be read of it, until the source has all of it. */
  readonly arriving?: Arriving | undefined
  /** Waits until the source has it. Throws when it does not come. */
  whole(): Promise<void>
}

/** A collection at the same time may take away what was found a moment ago; not for ever. */
const mostAttempts = 5

/**
 * Makes the filesystem of layers, bottom first, and returns its chain ID, `null`
 * without layers. Starts above the highest layer that is there already; of each
 * other one the bytes are decompressed and proved to be what its diff ID names.
 * A layer that is not throws `ContentMismatchError` and leaves nothing.
 */
export async function unpackImage(
  { layers }: { readonly layers: readonly Layer[] },
  source: ContentSource,
  snapshots: Pick<Snapshotter, 'has' | 'importLayer'>,
  options: UnpackOptions = {},
): Promise<Digest | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await unpackMissing(layers, source, snapshots, options)
    } catch (error) {
      if (attempt === mostAttempts || !isStrakeError(error, 'NOT_FOUND')) throw error
    }
  }
}

async function unpackMissing(
  layers: readonly Layer[],
  source: ContentSource,
  snapshots: Pick<Snapshotter, 'has' | 'importLayer'>,
  options: UnpackOptions,
): Promise<Digest | null> {
  const { emit = silent, signal } = options
  const chain = chainIds(layers.map(({ diffId }) => diffId))
  let done = chain.length
  while (done > 0 && !(await snapshots.has(chain[done - 1] ?? unreachable()))) done--
  for (const [index, layer] of layers.entries()) {
    if (index < done) continue
    signal?.throwIfAborted()
    const { descriptor, diffId } = layer
    const arrival = await options.arrival?.(descriptor)
    const archive = await openArchive(layer, source, options, arrival)
    try {
      await snapshots.importLayer(
        chain[index - 1] ?? null,
        { diffId, ...archive.source, leastSize: descriptor.size },
        { index: index === layers.length - 1 ? 'now' : 'later', emit, ...(signal && { signal }) },
      )
    } catch (error) {
      // What came may be other bytes than the blob has: who receives them says so.
      await arrival?.whole()
      if (signal?.aborted !== true) await proveStored(source, descriptor)
      throw error
    }
    await arrival?.whole()
    emit({ ...unpacking(layer), current: descriptor.size, done: true })
    options.layers?.link(diffId, descriptor, archive.size())
  }
  return chain.at(-1) ?? null
}

/** The layer's tar: the stored file itself, or its bytes on their way through decompression. */
async function openArchive(
  layer: Layer,
  source: ContentSource,
  options: Omit<UnpackOptions, 'arrival'>,
  arrival: Arrival | undefined,
): Promise<{ readonly source: Pick<LayerSource, 'tar' | 'listing'>; size(): number }> {
  const { descriptor, diffId } = layer
  const { pathOf, listingOf, emit = silent, signal } = options
  const isTar = descriptor.digest === diffId
  if (isTar && pathOf !== undefined) {
    await arrival?.whole()
    const listing = listingOf?.(diffId)
    const source = { tar: pathOf(diffId), ...(listing && { listing }) }
    return { source, size: () => descriptor.size }
  }
  const stored =
    arrival?.arriving?.read(signal) ??
    // Its diff ID proves it.
    source.read(descriptor, { readerVerifies: true, reusesChunks: true, ...(signal && { signal }) })
  const read = counted(stored, (current) => {
    // While it comes there is its transfer to be seen.
    if (arrival?.arriving === undefined) emit({ ...unpacking(layer), current })
  })
  let size = 0
  // A blob whose digest is its diff ID is not compressed, whatever it looks like.
  const tar = counted(isTar ? read : decompress(read), (total) => {
    size = total
  })
  return { source: { tar }, size: () => size }
}

/** Reads a blob to its end, so that the source finds out when it is damaged, and says so. */
async function proveStored(source: ContentSource, descriptor: Descriptor): Promise<void> {
  for await (const _ of source.read(descriptor));
}

function unpacking({ descriptor }: Layer): {
  type: 'transfer'
  id: Digest
  action: 'unpack'
  total: number
} {
  return { type: 'transfer', id: descriptor.digest, action: 'unpack', total: descriptor.size }
}

function unreachable(): never {
  throw new RangeError('There is a chain ID for every layer')
}
