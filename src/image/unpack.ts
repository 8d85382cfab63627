import type { Arrivals, ComingBlob, ContentSource } from '#content'
import {
  ContentMismatchError,
  chainIds,
  type Descriptor,
  type Digest,
  digestAlgorithm,
  isStrakeError,
  type Layer,
} from '#oci'
import type { Layers } from '#records'
import type { LayerSource, Snapshotter } from '#snapshot'
import { type Bytes, counted, createHasher, decompress, type Emit, silent } from '#stream'
import type { TarListing } from '#tar'

export interface UnpackOptions {
  /** Where the source keeps a blob as a file: layers that are not compressed are then not read through us. */
  readonly pathOf?: ((digest: Digest) => string) | undefined
  /** What the archive of a layer holds, if that is known; only asked with `pathOf`. */
  readonly listingOf?: (diffId: Digest) => TarListing | undefined
  /** Knows which stored blob has which diff ID, and learns it once both are proved. */
  readonly layers?: ProvedLayers | undefined
  /** Which layers have come, of a source that is still being filled. */
  readonly arrivals?: Arrivals | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is known of stored blobs: which of them decompress to which layer. */
export type ProvedLayers = Pick<Layers, 'link' | 'diffIdOf'>

/** A collection at the same time may take away what was found a moment ago; not for ever. */
const mostAttempts = 5

/**
 * True when it was proved that the blob of a layer holds what its diff ID names.
 * The diff ID itself proves nothing: an image may claim those of another image.
 */
export function isProved({ descriptor, diffId }: Layer, layers?: ProvedLayers): boolean {
  return descriptor.digest === diffId || layers?.diffIdOf(descriptor.digest) === diffId
}

/**
 * Makes the filesystem of layers, bottom first, and returns its chain ID, `null`
 * without layers. What is there already is taken over for a blob that was proved
 * to be that layer; every other blob is decompressed and hashed. One that is not
 * what its diff ID names throws `ContentMismatchError` and leaves nothing.
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
    const known = isProved(layer, options.layers)
    if (index < done && known) continue
    signal?.throwIfAborted()
    const { descriptor, diffId } = layer
    const coming = await options.arrivals?.of(descriptor.digest, signal)
    const archive = await openArchive(layer, source, options, coming)
    const { tar } = archive.source
    try {
      if (index >= done) {
        await snapshots.importLayer(
          chain[index - 1] ?? null,
          { diffId, ...archive.source, leastSize: descriptor.size },
          { index: index === layers.length - 1 ? 'now' : 'later', emit, ...(signal && { signal }) },
        )
      }
      // The snapshots may have had the layer, and then they did not read this blob.
      if (!known && typeof tar !== 'string' && !archive.wasRead()) await prove(tar, diffId)
    } catch (error) {
      // What came may be other bytes than the blob has: who receives them says so.
      await coming?.whole()
      if (signal?.aborted !== true) await proveStored(source, descriptor)
      throw error
    }
    await coming?.whole()
    emit({ ...unpacking(layer), current: descriptor.size, done: true })
    await options.layers?.link(diffId, descriptor, archive.size())
  }
  return chain.at(-1) ?? null
}

interface LayerArchive {
  readonly source: Pick<LayerSource, 'tar' | 'listing'>
  /** Bytes of the archive as far as they were read. */
  size(): number
  /** True once bytes that are not a file were read to their end. */
  wasRead(): boolean
}

/** The layer's tar: the stored file itself, or its bytes on their way through decompression. */
async function openArchive(
  layer: Layer,
  source: ContentSource,
  options: Omit<UnpackOptions, 'arrivals'>,
  coming: ComingBlob | undefined,
): Promise<LayerArchive> {
  const { descriptor, diffId } = layer
  const { pathOf, listingOf, emit = silent, signal } = options
  const isTar = descriptor.digest === diffId
  if (isTar && pathOf !== undefined) {
    await coming?.whole()
    const listing = listingOf?.(diffId)
    const source = { tar: pathOf(diffId), ...(listing && { listing }) }
    return { source, size: () => descriptor.size, wasRead: () => false }
  }
  const stored =
    coming?.read?.(signal) ??
    // Its diff ID proves it.
    source.read(descriptor, { readerVerifies: true, reusesChunks: true, ...(signal && { signal }) })
  const read = counted(stored, (current) => {
    // While it comes there is its transfer to be seen.
    if (coming?.read === undefined) emit({ ...unpacking(layer), current })
  })
  let size = 0
  // A blob whose digest is its diff ID is not compressed, whatever it looks like.
  const tar = counted(isTar ? read : decompress(read), (total) => {
    size = total
  })
  let wasRead = false
  const toEnd = async function* (): Bytes {
    yield* tar
    wasRead = true
  }
  return { source: { tar: toEnd() }, size: () => size, wasRead: () => wasRead }
}

async function prove(tar: Bytes, diffId: Digest): Promise<void> {
  const hasher = createHasher(digestAlgorithm(diffId))
  for await (const chunk of tar) hasher.update(chunk)
  const actual = hasher.digest()
  if (actual !== diffId) throw new ContentMismatchError('layer', `the diff ID ${diffId}`, actual)
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
