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
import type { LayerSource, Snapshotter } from '#snapshot'
import { type Bytes, counted, createHasher, decompress, type Emit, silent } from '#stream'
import type { TarListing } from '#tar'
import { isProved, type ProvedLayers } from './proved-layers.ts'

export interface UnpackOptions {
  /**
   * The path of a blob in the source, if it is stored as a file. Uncompressed layers are then read
   * from that file directly.
   */
  readonly pathOf?: ((digest: Digest) => string) | undefined
  /** The entries of a layer's archive, if known; called only with `pathOf`. */
  readonly listingOf?: (diffId: Digest) => TarListing | undefined
  /** Records the diff IDs of stored blobs; a new pair is added after it was verified. */
  readonly layers?: ProvedLayers | undefined
  /** The blobs of a source that is still receiving them. */
  readonly arrivals?: Arrivals | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** Retries: a concurrent collection may have removed a chain that was just found. */
const mostAttempts = 5

/**
 * Makes the filesystem of layers, bottom first. Returns its chain ID, or `null` without layers. An
 * existing snapshot is reused for a blob that is known to be that layer; every other blob is
 * decompressed and hashed. Throws `ContentMismatchError`, and leaves nothing, when a blob does not
 * match its diff ID.
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
          { index: index === layers.length - 1 ? 'now' : 'later', emit, signal },
        )
      }
      // The snapshotter had the layer and did not read this blob.
      if (!known && typeof tar !== 'string' && !archive.wasRead()) await prove(tar, diffId)
    } catch (error) {
      // The received bytes may be damaged: then the download throws the reason.
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
  /** Bytes of the archive that were read so far. */
  size(): number
  /** True after a stream, not a file, was read to its end. */
  wasRead(): boolean
}

/** The layer's archive: the path of the stored file, or a stream that is decompressed. */
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
    const source = { tar: pathOf(diffId), listing }
    return { source, size: () => descriptor.size, wasRead: () => false }
  }
  const stored =
    coming?.read?.(signal) ??
    // The snapshotter checks the diff ID.
    source.read(descriptor, { readerVerifies: true, reusesChunks: true, signal })
  const read = counted(stored, (current) => {
    // During a download, the transfer already shows progress.
    if (coming?.read === undefined) emit({ ...unpacking(layer), current })
  })
  let size = 0
  // A blob whose digest is its diff ID is uncompressed, whatever its first bytes are.
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

/** Reads a blob to its end, so that the source detects damage and throws. */
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
