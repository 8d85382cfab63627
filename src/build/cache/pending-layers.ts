import { Arrivals, type ContentStore, copy } from '#content'
import { type Descriptor, type Digest, isStrakeError, mediaType, StrakeError } from '#oci'
import type { Lease, Records } from '#records'
import { counted, decompress, type Emit, limited, mapConcurrently } from '#stream'
import type { LayerDraft } from '../model/layer-draft.ts'
import type { StateLayer } from '../model/state.ts'
import type { KnownResult } from './model.ts'
import type { CacheSource } from './source.ts'

/** A result in a cache of another machine. Its layer may not be in the store yet. */
export interface FoundResult {
  /** `null` for a step that changed nothing. */
  readonly layer: StateLayer | null
  /** The key of the content that the step used, in hex, if another key found the result. */
  readonly contentKey?: string | undefined
}

/** The blob of a layer that is still where it was found. */
export interface RemoteBlob {
  readonly blob: Descriptor
  readonly source: CacheSource
}

export interface PendingServices {
  readonly store: ContentStore
  readonly layers: Pick<Records['layers'], 'link'>
  readonly lease: Pick<Lease, 'hold'>
  readonly emit: Emit
  readonly signal?: AbortSignal | undefined
}

/** How a layer gets into the store. Throws when that fails. */
type Fetch = () => Promise<void>

/** The most layers that are received at a time, as in a pull. */
const concurrency = 3

/**
 * The layers of a build that are not in the store yet: of caches of other machines, and of base
 * images. A layer is fetched when a step first needs it. Disposing them removes what no step needed.
 *
 * When a result of a cache turns out to be unusable, `fetch` throws, and `takeLoss` returns the
 * reason. Then the caller runs the build again, without that cache.
 */
export class PendingLayers implements AsyncDisposable {
  readonly #services: PendingServices
  #sources: readonly CacheSource[]
  readonly #blobs = new Map<Digest, RemoteBlob>()
  readonly #fetches = new Map<Digest, Fetch>()
  readonly #received = new Set<Digest>()
  readonly #running = new Map<Digest, Promise<void>>()
  /** What steps wrote before they found the same layer in a cache. */
  readonly #drafts = new Map<Digest, LayerDraft>()
  /** The layers of which a cache has only the name. */
  readonly #named = new Set<Digest>()
  #usesNames = true
  #loss: string | undefined

  constructor(services: PendingServices, sources: readonly CacheSource[] = []) {
    this.#services = services
    this.#sources = sources
  }

  /** Returns the result of a step in the first cache that has it. Transfers nothing. */
  find(key: string): FoundResult | undefined {
    const results = this.#sources.flatMap((source) => {
      const result = source.results.get(key)
      return result === undefined ? [] : [{ source, result }]
    })
    const isWhole = ({ facts, blob }: KnownResult): boolean =>
      facts.layer === null || blob !== undefined
    const whole = results.find(({ result }) => isWhole(result))
    const found = whole ?? (this.#usesNames ? results[0] : undefined)
    return found && this.#expect(found.source, found.result)
  }

  /** Takes a result of a cache that has no key of ours. `undefined` when the cache is not used any more. */
  use(source: CacheSource, result: KnownResult): FoundResult | undefined {
    return this.#sources.includes(source) ? this.#expect(source, result) : undefined
  }

  /**
   * Keeps the layer that a step has written while it read its files, if a cache has the same one.
   * Then that layer is not fetched. `takeDraft` hands over what was written. Another layer is removed.
   */
  async offer({ diffId }: StateLayer, takeDraft?: () => LayerDraft | undefined): Promise<void> {
    if (this.#drafts.has(diffId) || !(this.#blobs.has(diffId) || this.#named.has(diffId))) return
    const draft = takeDraft?.()
    if (draft?.diffId === diffId) this.#drafts.set(diffId, draft)
    else await draft?.[Symbol.asyncDispose]()
  }

  /** Registers layers that `fetch` adds to the store together. */
  expect(layers: readonly StateLayer[], fetch: Fetch): void {
    for (const { descriptor } of layers) this.#fetches.set(descriptor.digest, fetch)
  }

  /** Makes sure that the layers are in the store. */
  async fetch(layers: readonly StateLayer[]): Promise<void> {
    const isOfImage = ({ descriptor }: StateLayer): boolean => this.#fetches.has(descriptor.digest)
    const fetchOne = (layer: StateLayer): Promise<void> => this.#fetchOne(layer)
    const single = layers.filter((layer) => !isOfImage(layer))
    const work = [
      // The layers of an image come together, so that each of them waits for all.
      () => Promise.all(layers.filter(isOfImage).map(fetchOne)),
      () => mapConcurrently(single, concurrency, fetchOne),
    ]
    await mapConcurrently(work, work.length, async (start) => void (await start()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const draft of this.#drafts.values()) await draft[Symbol.asyncDispose]()
    this.#drafts.clear()
  }

  /** The blob of a layer that no step needed. */
  remoteBlob({ descriptor }: StateLayer): RemoteBlob | undefined {
    return this.#blobs.get(descriptor.digest)
  }

  /** True for a layer of a cache that a step needed. */
  isFetched({ descriptor }: StateLayer): boolean {
    return this.#received.has(descriptor.digest)
  }

  /** True when a result of a cache could not be used since the last call of `takeLoss`. */
  get hasLoss(): boolean {
    return this.#loss !== undefined
  }

  /**
   * Returns why a result of a cache could not be used since the last call. The text is empty when
   * only names of layers were used up, which is no fault of the cache.
   */
  takeLoss(): string | undefined {
    const loss = this.#loss
    this.#loss = undefined
    return loss
  }

  #expect(source: CacheSource, { facts, blob }: KnownResult): FoundResult {
    const { layer: found, contentKey } = facts
    if (found === null) return { layer: null, contentKey }
    const { diffId, size, epoch, isAdditive } = found
    const descriptor = { mediaType: mediaType.ociLayer, digest: diffId, size }
    if (blob === undefined) this.#named.add(diffId)
    else this.#blobs.set(diffId, { blob, source })
    return { layer: { descriptor, diffId, epoch, isAdditive }, contentKey }
  }

  #fetchOne(layer: StateLayer): Promise<void> {
    const { digest } = layer.descriptor
    const fetch = this.#fetches.get(digest)
    const isPending = fetch !== undefined || this.#blobs.has(digest) || this.#named.has(digest)
    if (!isPending) return Promise.resolve()
    const running = this.#running.get(digest) ?? (fetch ?? (() => this.#receive(layer)))()
    this.#running.set(digest, running)
    return running
  }

  async #receive(layer: StateLayer): Promise<void> {
    const { store, lease, signal } = this.#services
    await lease.hold(layer.diffId)
    if (await store.has(layer.descriptor, signal)) return
    if (await this.#commitDraft(layer)) return
    const remote = this.#blobs.get(layer.diffId)
    if (remote === undefined) {
      this.#usesNames = false
      this.#running.delete(layer.diffId)
      this.#loss = ''
      throw new StrakeError('NOT_FOUND', `Cannot read ${layer.diffId}: the cache does not have it`)
    }
    try {
      await this.#receiveBlob(layer, remote)
      this.#received.add(layer.diffId)
    } catch (error) {
      if (signal?.aborted === true || !isStrakeError(error)) throw error
      this.#forget(remote.source)
      this.#loss = `${remote.source.name}: ${error.message}`
      throw error
    }
  }

  /** Stores the layer that a step wrote. Returns false when none did. */
  async #commitDraft({ diffId, descriptor }: StateLayer): Promise<boolean> {
    const draft = this.#drafts.get(diffId)
    this.#drafts.delete(diffId)
    const committed = await draft?.commit()
    // A cache that states another size is not to be used.
    if (committed?.descriptor.size !== descriptor.size) return false
    this.#received.add(diffId)
    return true
  }

  /** Keeps the blob too, so that a push does not compress the layer. */
  async #receiveBlob(layer: StateLayer, { blob, source }: RemoteBlob): Promise<void> {
    const { store, layers, lease, emit, signal } = this.#services
    const { diffId, descriptor } = layer
    if (blob.digest === diffId) checkSize(layer, blob.size)
    await lease.hold(blob.digest)
    const arrivals = new Arrivals()
    const work = [
      async (stop: AbortSignal): Promise<void> => {
        await copy(source.content, store, blob, { arrivals, emit, signal: stop })
      },
      async (stop: AbortSignal): Promise<void> =>
        await this.#decompress(layer, blob, arrivals, stop),
    ]
    const needed = blob.digest === diffId ? work.slice(0, 1) : work
    await mapConcurrently(needed, needed.length, (start, _, stop) => start(stop), signal)
    if (blob.digest !== diffId) await layers.link(diffId, blob, descriptor.size)
  }

  /** Decompresses a blob while it arrives. The store accepts no other contents than the diff ID. */
  async #decompress(
    layer: StateLayer,
    blob: Descriptor,
    arrivals: Arrivals,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, emit } = this.#services
    const { diffId, descriptor } = layer
    const coming = await arrivals.of(blob.digest, signal)
    await using ingest = await store.ingest({ expectedSize: descriptor.size })
    try {
      const options = { readerVerifies: true, reusesChunks: true, signal }
      const stored = coming.read?.(signal) ?? store.read(blob, options)
      const tar = limited(decompress(stored), descriptor.size, `the layer ${diffId}`)
      const event = { type: 'transfer', id: blob.digest, action: 'unpack' } as const
      const total = descriptor.size
      await ingest.append(counted(tar, (current) => emit({ ...event, current, total })))
      await coming.whole()
      checkSize(layer, ingest.size)
      await ingest.commit(diffId)
    } catch (error) {
      await ingest.abort()
      throw error
    }
  }

  /** Stops using a cache. */
  #forget(lost: CacheSource): void {
    this.#sources = this.#sources.filter((source) => source !== lost)
    for (const [digest, { source }] of this.#blobs) {
      if (source !== lost) continue
      this.#blobs.delete(digest)
      this.#running.delete(digest)
    }
  }
}

/** A manifest and a record with the wrong size of a layer would be damaged. */
function checkSize({ diffId, descriptor }: StateLayer, actual: number): void {
  if (actual === descriptor.size) return
  const reason = `it has ${actual} bytes, and ${descriptor.size} in the cache`
  throw new StrakeError('SIZE_INVALID', `Cannot use the layer ${diffId}: ${reason}`)
}
