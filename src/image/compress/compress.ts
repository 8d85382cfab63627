import type { ContentStore } from '#content'
import { type Descriptor, type Digest, type Layer, layerCompression, mediaType } from '#oci'
import { type CompressThreads, openCompressThreads } from '#platform'
import type { Records } from '#records'
import { type Bytes, counted, type Emit, mapConcurrently, silent } from '#stream'
import { writeImage } from '../create.ts'
import type { Image } from '../image.ts'
import { KeptMembers, MemberList } from './kept-members.ts'
import { compressMembers, type Member } from './members.ts'
import { type LayerForm, needsForm, plainBytes, storePlain } from './plain-layer.ts'

export interface ReadyLayer {
  readonly diffId: Digest
  readonly descriptor: Descriptor
  /** The layer was compressed in this call, so its bytes are verified. */
  readonly isNew: boolean
}

export interface CompressImageOptions {
  /** Default `gzip`, which all registries and engines can read. */
  readonly compression?: LayerForm | undefined
  /** gzip 0 to 9, zstd 1 to 22. The default is fast; then any level that is stored will do. */
  readonly level?: number | undefined
  /** Also converts layers that are compressed otherwise. */
  readonly isForced?: boolean | undefined
  /**
   * Called with every layer of the result as soon as it is stored, including layers that were
   * stored before.
   */
  readonly onLayer?: (layer: ReadyLayer, signal: AbortSignal) => Promise<void>
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** Measured; see docs/decisions/007-how-layers-are-compressed.md. */
const levels = { gzip: 1, zstd: 1 }

/** The number of layers in work at a time: one is compressed while others are synced and sent. */
const concurrency = 3

/** The most blobs whose members are searched for unchanged pieces. */
const mostKept = 200

/**
 * Compresses the layers of an image and describes the manifest to push: the configuration and the
 * image ID stay the same. Compressed blobs are stored and recorded by diff ID, so that no layer is
 * compressed twice. Pieces that equal those of an earlier layer are not compressed again either.
 * Compressed layers stay as they are. An image without uncompressed layers keeps its manifest.
 */
export async function compressImage(
  image: Image,
  store: ContentStore,
  records: Pick<Records, 'layers'>,
  options: CompressImageOptions = {},
): Promise<Descriptor> {
  using compressor = openLayerCompressor(store, records, options)
  const results = new Map<Layer, Descriptor>()
  await mapConcurrently(
    largestFirst(image.layers),
    concurrency,
    async (layer, _, signal) => {
      const ready = await compressor.compress(layer, signal)
      results.set(layer, ready.descriptor)
      await options.onLayer?.(ready, signal)
    },
    options.signal,
  )
  const layers = image.layers.map((layer) => results.get(layer) ?? layer.descriptor)
  const isSame = layers.every((layer, index) => layer === image.layers[index]?.descriptor)
  if (isSame) return image.descriptor
  const { config, configRaw } = image
  const manifest = { ...image.manifest, layers }
  return (await writeImage(store, { manifest, config, configRaw })).descriptor
}

/** Brings layers into one form. Disposing it ends its threads. */
export interface LayerCompressor extends Disposable {
  /** Stores the layer in this form. Layers are read one after the other, in the order of the calls. */
  compress(layer: Layer, signal: AbortSignal): Promise<ReadyLayer>
}

/** A layer that is in the form already stays as it is, and a layer is compressed once. */
export function openLayerCompressor(
  store: ContentStore,
  records: Pick<Records, 'layers'>,
  options: Omit<CompressImageOptions, 'onLayer' | 'signal'> = {},
): LayerCompressor {
  const { compression: form = 'gzip', isForced = false } = options
  const format = form === 'uncompressed' ? 'gzip' : form
  const threads = openCompressThreads({ format, level: options.level ?? levels[format] })
  const kept = new KeptMembers(store, () => records.layers.madeBy(threads.compressor, mostKept))
  const turns = new Turns()
  return {
    async compress(layer, signal) {
      if (!needsForm(layer, form, isForced)) return { ...layer, isNew: false }
      if (form === 'uncompressed') {
        return { ...layer, descriptor: await storePlain(layer, store, signal), isNew: true }
      }
      const work = { ...options, threads, kept, turns, signal, format: form }
      return await compressLayer(layer, store, records, work)
    },
    [Symbol.dispose]: () => threads[Symbol.dispose](),
  }
}

/** The largest layer first, so that it is sent while others are compressed. */
function largestFirst(layers: readonly Layer[]): readonly Layer[] {
  return layers.toSorted((a, b) => b.descriptor.size - a.descriptor.size)
}

/** Lets one layer be read at a time, in the order of the calls of `draw`. */
class Turns {
  #last: Promise<void> = Promise.resolve()

  draw(): Turn {
    const { promise, resolve } = Promise.withResolvers<void>()
    const turn = { come: this.#last, [Symbol.dispose]: resolve }
    this.#last = promise
    return turn
  }
}

/** Disposing it ends the turn. */
interface Turn extends Disposable {
  readonly come: Promise<void>
}

/** Waits for the turn, yields `bytes`, and ends the turn. */
async function* during(turn: Turn, bytes: Bytes): Bytes {
  using _turn = turn
  await turn.come
  yield* bytes
}

interface CompressLayerOptions extends CompressImageOptions {
  readonly format: 'gzip' | 'zstd'
  readonly threads: CompressThreads
  readonly kept: KeptMembers
  readonly turns: Turns
  readonly signal: AbortSignal
}

async function compressLayer(
  layer: Layer,
  store: ContentStore,
  { layers }: Pick<Records, 'layers'>,
  options: CompressLayerOptions,
): Promise<ReadyLayer> {
  const { format, threads, kept, turns, emit = silent, signal } = options
  const { descriptor, diffId } = layer
  using turn = turns.draw()
  const type = compressedType(descriptor.mediaType, format)
  const candidates = layers
    .compressedOf(diffId)
    .filter(({ digest }) => isAsAsked(layers.compressorOf(digest), options))
  const known = await findCompressed(candidates, format, store)
  if (known !== undefined) {
    const { digest, size } = known
    return { descriptor: { mediaType: type, digest, size }, diffId, isNew: false }
  }
  const total = layerCompression(descriptor.mediaType) === 'none' ? descriptor.size : undefined
  const event = {
    type: 'transfer',
    id: diffId,
    action: 'compress',
    ...(total !== undefined && { total }),
  } as const
  let tarSize = 0
  const stored = during(turn, plainBytes(layer, store, signal))
  const tar = counted(stored, (current) => {
    tarSize = current
    emit({ ...event, current })
  })
  const find = (size: number, checksum: number) => kept.find(size, checksum)
  const list = new MemberList()
  await using ingest = await store.ingest()
  try {
    await ingest.append(listed(compressMembers(tar, { threads, find }), list))
  } catch (error) {
    await ingest.abort()
    throw error
  }
  const { size } = ingest
  const compressed = { mediaType: type, digest: await ingest.commit(), size }
  const made = { compressor: threads.compressor, members: list.format() }
  await layers.link(diffId, compressed, tarSize, made)
  emit({ ...event, current: tarSize, done: true })
  return { descriptor: compressed, diffId, isNew: true }
}

/** A level that was asked for is not that of a blob which another compressor made. */
function isAsAsked(
  compressor: string | undefined,
  { level, threads }: CompressLayerOptions,
): boolean {
  return level === undefined || compressor === threads.compressor
}

async function* listed(members: AsyncIterable<Member>, list: MemberList): Bytes {
  for await (const member of members) {
    list.add(member)
    const { bytes } = member
    yield bytes
    // Freed at once: otherwise a push keeps most of its memory until the next garbage collection.
    if (bytes.length === bytes.buffer.byteLength) bytes.buffer.transfer(0)
  }
}

async function findCompressed(
  candidates: readonly Descriptor[],
  compression: 'gzip' | 'zstd',
  store: ContentStore,
): Promise<Descriptor | undefined> {
  for (const candidate of candidates) {
    if (layerCompression(candidate.mediaType) !== compression) continue
    if (await store.has(candidate)) return candidate
  }
  return undefined
}

function compressedType(type: string, compression: 'gzip' | 'zstd'): string {
  if (type.includes('.docker.')) {
    return compression === 'gzip' ? mediaType.dockerLayerGzip : mediaType.dockerLayerZstd
  }
  return compression === 'gzip' ? mediaType.ociLayerGzip : mediaType.ociLayerZstd
}
