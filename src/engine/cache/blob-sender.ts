import type { BuiltImages } from '#build'
import { copy } from '#content'
import { type LayerCompressor, openLayerCompressor } from '#image'
import type { Descriptor, Digest, Layer } from '#oci'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import type { CacheForm } from './cache-options.ts'
import type { CachePlace } from './place.ts'

export interface SenderOptions {
  readonly form: CacheForm
  /** Returns a repository of the same registry that is known to have a blob. */
  readonly mountFrom?: ((blob: Descriptor) => string | undefined) | undefined
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** Brings layers into the form of a cache and copies them to its place, each once. */
export class BlobSender implements Disposable {
  readonly #engine: Engine
  readonly #place: CachePlace
  readonly #options: SenderOptions
  readonly #sent = new Map<Digest, Promise<Descriptor>>()
  #compressor: LayerCompressor | undefined

  constructor(engine: Engine, place: CachePlace, options: SenderOptions) {
    this.#engine = engine
    this.#place = place
    this.#options = options
  }

  /** Returns the descriptor of the layer in the cache. */
  send(layer: Layer, remote: ReturnType<BuiltImages['remoteBlob']>): Promise<Descriptor> {
    const sent = this.#sent.get(layer.diffId) ?? this.#send(layer, remote)
    this.#sent.set(layer.diffId, sent)
    // The caller may look at the result much later.
    sent.catch(() => {})
    return sent
  }

  /**
   * As `send`, for a layer of a base image. Returns `undefined` when it is neither in the store nor
   * in the cache, because nothing is pulled for a cache.
   */
  async sendBase(layer: Layer): Promise<Descriptor | undefined> {
    const { content } = this.#engine
    const { signal } = this.#options
    const { annotations: _, ...blob } = layer.descriptor
    if (await this.#place.content.has(blob, signal)) return described(blob, layer.diffId)
    return (await content.has(blob, signal)) ? await this.send(layer, undefined) : undefined
  }

  async #send(layer: Layer, remote: ReturnType<BuiltImages['remoteBlob']>): Promise<Descriptor> {
    const { content } = this.#engine
    const { signal, form, emit } = this.#options
    if (
      remote !== undefined &&
      !(form.isForced === true && (await content.has(layer.descriptor)))
    ) {
      const { annotations: _, ...blob } = remote.blob
      await this.#copy((await content.has(blob)) ? content : remote.source.content, blob)
      return described(blob, layer.diffId)
    }
    this.#compressor ??= openLayerCompressor(content, this.#engine.records, { ...form, emit })
    const { descriptor } = await this.#compressor.compress(layer, signal)
    await this.#copy(content, descriptor)
    return described(descriptor, layer.diffId)
  }

  async #copy(source: Parameters<typeof copy>[0], blob: Descriptor): Promise<void> {
    const { mountFrom, emit, signal } = this.#options
    const options = { action: 'upload', mountFrom, emit, signal } as const
    await copy(source, this.#place.content, blob, options)
  }

  [Symbol.dispose](): void {
    this.#compressor?.[Symbol.dispose]()
  }
}

/** BuildKit finds the diff ID of a layer in this annotation. */
function described({ mediaType, digest, size }: Descriptor, diffId: Digest): Descriptor {
  return { mediaType, digest, size, annotations: { 'containerd.io/uncompressed': diffId } }
}
