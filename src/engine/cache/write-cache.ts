import {
  addForeignSteps,
  type BuildResult,
  type CacheConfig,
  type PortableStep,
  type SolvedStep,
  stepFacts,
} from '#build'
import type { Descriptor, Digest } from '#oci'
import { type Emit, mapConcurrently } from '#stream'
import type { Engine } from '../engine.ts'
import { BlobSender } from './blob-sender.ts'
import type { CacheExport } from './cache-options.ts'
import { mergeSteps } from './merge.ts'
import { writeMounts } from './mount-pieces.ts'
import type { CachePlace, StoredCache } from './place.ts'

export interface WriterOptions {
  /** The directory of cache mounts. */
  readonly cacheMounts: string
  readonly emit: Emit
  readonly signal: AbortSignal
  readonly mountFrom?: ((blob: Descriptor) => string | undefined) | undefined
}

/** Layers that are compressed and sent at a time. */
const concurrency = 4

/** Writes one cache. With `mode: 'max'`, layers are sent while later steps run. */
export class CacheWriter implements Disposable {
  readonly place: CachePlace
  readonly #sender: BlobSender
  readonly #request: CacheExport
  readonly #cacheMounts: string
  readonly #emit: Emit
  readonly #signal: AbortSignal
  #sending: Promise<unknown> = Promise.resolve()

  constructor(engine: Engine, place: CachePlace, request: CacheExport, options: WriterOptions) {
    this.place = place
    this.#request = request
    this.#cacheMounts = options.cacheMounts
    this.#emit = options.emit
    this.#signal = options.signal
    this.#sender = new BlobSender(engine, place, { ...options, form: request.form })
  }

  /** Starts to send the layer of a step that this build made. */
  offer({ layer }: SolvedStep, remoteBlob: BuildResult['remoteBlob']): void {
    if (this.#request.mode !== 'max' || layer === null || remoteBlob(layer) !== undefined) return
    const send = (): Promise<unknown> =>
      this.#signal.aborted ? Promise.resolve() : this.#sender.send(layer, undefined)
    // The failure is thrown by `finish`, which asks for the same layer.
    this.#sending = this.#sending.then(send).catch(() => {})
  }

  /** Sends the remaining layers and replaces the cache. */
  async finish(result: BuildResult): Promise<void> {
    const { steps, resultLayers, remoteBlob } = result
    const { place } = this
    await this.#sending
    const sent = await mapConcurrently(
      steps,
      concurrency,
      async (step): Promise<readonly PortableStep[]> => {
        const { layer } = step
        const isWritten =
          layer !== null && (this.#request.mode === 'max' || resultLayers.has(layer.diffId))
        const blob = isWritten ? await this.#sender.send(layer, remoteBlob(layer)) : undefined
        return portableSteps(step, blob)
      },
      this.#signal,
    )
    const before = await place.read(this.#signal).catch(() => [])
    const mounts = await this.#writeMounts(result, before)
    const options = { hasDetails: place.hasDetails, mounts }
    const own = mergeSteps(sent.flat(), before, options)
    await place.write(await this.#addForeign(own, result, sent.flat()), this.#signal)
  }

  /** Adds what BuildKit needs: records of its own, and every layer of a result down to the base. */
  async #addForeign(
    { config, blobs }: StoredCache,
    { steps, foreignSteps }: BuildResult,
    sent: readonly PortableStep[],
  ): Promise<StoredCache> {
    if (this.#request.forBuildkit === 'none' || foreignSteps.length === 0) return { config, blobs }
    const made = new Set(steps.flatMap(({ layer }) => layer?.diffId ?? []))
    const known = new Map<Digest, Descriptor>(
      sent.flatMap(({ facts, blob }) =>
        facts.layer === null || blob === undefined ? [] : [[facts.layer.diffId, blob]],
      ),
    )
    const all = foreignSteps.flatMap(({ layers = [] }) => layers)
    const bases = new Map(all.map((layer) => [layer.diffId, layer]))
    for (const layer of bases.values()) {
      if (made.has(layer.diffId)) continue
      const blob = await this.#sender.sendBase(layer)
      if (blob !== undefined) known.set(layer.diffId, blob)
    }
    const details = this.place.hasDetails
    const added = addForeignSteps(config, foreignSteps, known, { details })
    const listed = added.layers.flatMap(({ blob: digest }) => {
      const blob = [...known.values()].find((each) => each.digest === digest)
      return blob === undefined || blobs.has(digest) ? [] : [[digest, blob] as const]
    })
    return { config: added, blobs: new Map([...blobs, ...listed]) }
  }

  async #writeMounts(
    { cacheMounts }: BuildResult,
    stored: readonly StoredCache[],
  ): Promise<CacheConfig['mounts']> {
    const { mounts: limits } = this.#request
    if (limits === undefined) return []
    return await writeMounts(this.place, {
      directory: this.#cacheMounts,
      ids: cacheMounts,
      limits,
      before: stored.flatMap(({ config }) => config.mounts),
      warn: (message) => this.#emit({ type: 'warning', message }),
      signal: this.#signal,
    })
  }

  [Symbol.dispose](): void {
    this.#sender[Symbol.dispose]()
    this.place[Symbol.dispose]?.()
  }
}

function portableSteps(step: SolvedStep, blob: Descriptor | undefined): readonly PortableStep[] {
  const facts = stepFacts(step)
  return step.keys.map((key) => {
    const isContent = key === facts.contentKey
    return { key, facts: isContent ? { ...facts, contentKey: undefined } : facts, blob }
  })
}
