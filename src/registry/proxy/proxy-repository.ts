import type { Ingest, ReadOptions, WriteOutcome } from '#content'
import { type Descriptor, type Digest, isDigest, parseManifestOrIndex, StrakeError } from '#oci'
import { fromBuffer } from '#stream'
import type { FoundManifest, Opening, ReferrersOptions, Repository } from '../registry.ts'
import { isStorageFull } from '../storage-full.ts'
import { type Fetch, fetchBlob } from './fetch-blob.ts'
import type { ProxyState } from './proxy-state.ts'
import type { Remote } from './remote.ts'
import { isUnknown, translated, type Upstream, unlessUnknown } from './upstream.ts'
import { within } from './within.ts'

export interface ProxyParts {
  readonly local: Repository
  readonly remote: Remote
  readonly upstream: Upstream
  readonly state: ProxyState
  readonly opening: Opening
}

/** Milliseconds for which a 404 of the upstream is repeated. */
const absence = 30_000
const day = 86_400_000

/** Milliseconds for which an upstream that cannot be asked is left alone, if the cache has an answer. */
const pauseAfterFailure = 10_000

/** Milliseconds that the upstream has for an answer, if the cache has one. */
const patience = 5_000

/**
 * One repository of an upstream: what is asked for is fetched, verified and kept. A tag is asked
 * for again when it is older than the upstream's TTL, and answered from the cache when the upstream
 * cannot be asked.
 */
export class ProxyRepository implements Repository {
  readonly name: string
  readonly #parts: ProxyParts

  constructor(name: string, parts: ProxyParts) {
    this.name = name
    this.#parts = parts
  }

  async has(target: Descriptor): Promise<boolean> {
    return await this.#parts.local.has(target)
  }

  async resolve(reference: string, signal?: AbortSignal): Promise<Descriptor> {
    const { state, upstream } = this.#parts
    const known =
      (await this.#findKept(reference)) ?? state.checked.get(this.#key(reference), upstream.ttl)
    if (known !== undefined) return known
    return await this.#orStale(reference, async () => {
      const found = await this.#ask(reference, () =>
        this.#parts.state.resolving.run(this.#key(reference), () =>
          this.#parts.remote.resolve(reference),
        ),
      )
      await this.#noteTag(reference, found)
      signal?.throwIfAborted()
      return found
    })
  }

  async readManifest(reference: string, signal?: AbortSignal): Promise<FoundManifest> {
    const { local } = this.#parts
    const kept = await this.#findKept(reference)
    if (kept !== undefined) return await this.#remember(await local.readManifest(kept.digest))
    if (isDigest(reference)) return await this.#fetchManifest(reference)
    // A tag that the cache has is asked for by HEAD, which is not counted as a pull.
    if ((await tagOf(local, reference)) === undefined) return await this.#fetchManifest(reference)
    const { digest } = await this.resolve(reference, signal)
    return await this.readManifest(digest, signal)
  }

  async resolveBlob(digest: Digest, signal?: AbortSignal): Promise<Descriptor> {
    const { local, remote, state } = this.#parts
    const kept = await unlessUnknown(local.resolveBlob(digest))
    if (kept !== undefined) return kept
    const size = state.sizes.get(`${this.name}@${digest}`, day)
    if (size !== undefined) return { mediaType: octetStream, digest, size }
    return await this.#ask(digest, () => remote.resolveBlob(digest, signal))
  }

  async *read(target: Descriptor, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const { local, upstream } = this.#parts
    if (await local.has(target)) {
      yield* local.read(target, options)
      return
    }
    try {
      yield* this.#readComing(target, options)
    } catch (error) {
      throw translated(error, upstream)
    }
  }

  /** Yields a blob that the cache does not have. */
  async *#readComing(target: Descriptor, options: ReadOptions): AsyncGenerator<Uint8Array> {
    const { local, remote, upstream } = this.#parts
    const isPart = (options.start ?? 0) > 0 || (options.end ?? target.size) < target.size
    const isKept = target.size <= (upstream.maxBlobSize ?? Number.POSITIVE_INFINITY)
    if (isPart && isKept) await this.#fetch(target).whole
    if (isPart) {
      yield* (isKept ? local : remote).read(target, options)
      return
    }
    if (!isKept) {
      yield* remote.read(target, options)
      return
    }
    let sent = false
    try {
      for await (const chunk of this.#fetch(target).read(options.signal)) {
        sent = true
        yield chunk
      }
    } catch (error) {
      // Without space the content is passed on, unless a part of it has been sent.
      if (sent || !isStorageFull(error)) throw error
      yield* remote.read(target, options)
    }
  }

  async *tags(options?: { readonly after?: string }): AsyncGenerator<string> {
    const { local, remote, opening } = this.#parts
    let sent = false
    try {
      for await (const tag of remote.tags(options)) {
        sent = true
        yield tag
      }
    } catch (error) {
      if (sent || isUnknown(error)) throw error
      opening.onStale?.(undefined)
      yield* local.tags(options)
    }
  }

  async *referrers(subject: Digest, options: ReferrersOptions = {}): AsyncGenerator<Descriptor> {
    const { local, remote, opening } = this.#parts
    let sent = false
    try {
      for await (const referrer of remote.referrers(subject, options)) {
        sent = true
        yield referrer
      }
    } catch (error) {
      if (sent) throw error
      if (!isUnknown(error)) opening.onStale?.(undefined)
      yield* local.referrers(subject, options)
    }
  }

  async mount(): Promise<undefined> {
    throw this.#readOnly()
  }

  async write(): Promise<WriteOutcome> {
    throw this.#readOnly()
  }

  async writeOpaqueManifest(): Promise<void> {
    throw this.#readOnly()
  }

  async ingest(): Promise<Ingest> {
    throw this.#readOnly()
  }

  async tag(): Promise<void> {
    throw this.#readOnly()
  }

  /** Removes a tag from the cache. The next pull asks the upstream. */
  async untag(tag: string): Promise<void> {
    this.#parts.state.checked.delete(this.#key(tag))
    await this.#parts.local.untag(tag)
  }

  /** Removes content from the cache. The next pull fetches it again. */
  async delete(target: Descriptor): Promise<void> {
    await this.#parts.local.delete(target)
  }

  /** Returns the manifest of a digest, or of a tag that is fresh, if the cache has it. */
  async #findKept(reference: string): Promise<Descriptor | undefined> {
    const { local, state, upstream } = this.#parts
    this.#checkTag(reference)
    if (!isDigest(reference)) {
      if (state.checked.get(this.#key(reference), upstream.ttl) === undefined) return undefined
    }
    return await unlessUnknown(local.resolve(reference))
  }

  /** Answers from the cache when the upstream cannot be asked. */
  async #orStale(reference: string, work: () => Promise<Descriptor>): Promise<Descriptor> {
    const { local, state, upstream, opening } = this.#parts
    const kept = isDigest(reference) ? undefined : await tagOf(local, reference)
    if (kept === undefined) return await work()
    try {
      const reason = state.down.get(upstream.prefix, pauseAfterFailure)
      if (reason !== undefined) throw reason
      return await within(patience, work())
    } catch (error) {
      if (isUnknown(error)) throw error
      if (state.down.get(upstream.prefix, pauseAfterFailure) === undefined) {
        state.down.set(upstream.prefix, error)
      }
      opening.onStale?.(state.checked.age(this.#key(reference)))
      return kept
    }
  }

  /**
   * Asks the upstream, unless it has said a moment ago that it does not have this. Throws errors for
   * clients of the cache.
   */
  async #ask<T>(reference: string, work: () => Promise<T>): Promise<T> {
    const { state, local, upstream } = this.#parts
    const key = this.#key(reference)
    if (state.absent.get(key, absence) !== undefined) throw this.#unknown(reference)
    try {
      return await work()
    } catch (error) {
      if (isUnknown(error)) {
        state.absent.set(key, true)
        if (!isDigest(reference)) await local.untag(reference).catch(unlessStorageFull)
      }
      throw translated(error, upstream)
    }
  }

  async #fetchManifest(reference: string): Promise<FoundManifest> {
    const { local, remote, state } = this.#parts
    return await this.#ask(reference, () =>
      state.manifests.run(this.#key(reference), async () => {
        const found = await remote.readManifest(reference)
        const { descriptor, raw } = found
        await local.write(descriptor, fromBuffer(raw)).catch(unlessStorageFull)
        await this.#noteTag(reference, descriptor)
        return await this.#remember(found)
      }),
    )
  }

  /** Points the cache's tag to a manifest, once the cache has it. */
  async #noteTag(reference: string, descriptor: Descriptor): Promise<void> {
    const { local, state } = this.#parts
    const awaiting = `${this.name}@${descriptor.digest}`
    const tag = isDigest(reference) ? state.awaited.get(awaiting, day) : reference
    if (tag === undefined) return
    if (!isDigest(reference)) state.checked.set(this.#key(tag), descriptor)
    const kept = await unlessUnknown(local.resolve(descriptor.digest))
    if (kept === undefined) {
      state.awaited.set(awaiting, tag)
      return
    }
    state.awaited.delete(awaiting)
    if ((await tagOf(local, tag))?.digest !== kept.digest) {
      await local.tag(tag, kept).catch(unlessStorageFull)
    }
  }

  /** Remembers the sizes of what a manifest names, so that they need not be asked for. */
  async #remember(found: FoundManifest): Promise<FoundManifest> {
    const { state } = this.#parts
    const own = `${this.name}@${found.descriptor.digest}`
    // Every pull of a cached image reads its manifest, which need not be parsed each time.
    if (state.sizes.get(own, day) !== undefined) return found
    state.sizes.set(own, found.descriptor.size)
    const parsed = parseManifestOrIndex(found.raw, found.descriptor.mediaType)
    if (parsed.kind === 'manifest') {
      for (const { digest, size } of [parsed.manifest.config, ...parsed.manifest.layers]) {
        state.sizes.set(`${this.name}@${digest}`, size)
      }
    }
    return found
  }

  #fetch(target: Descriptor): Fetch {
    const { local, remote, state } = this.#parts
    // Another repository must not share it: its upstream may send other bytes, or refuse.
    const key = `${this.name}@${target.digest}`
    const known = state.blobs.get(key)
    if (known !== undefined) return known
    const fetch = fetchBlob(remote, local, { ...target, mediaType: octetStream })
    state.blobs.set(key, fetch)
    const forget = (): void => {
      state.blobs.delete(key)
    }
    fetch.whole.then(forget, forget)
    return fetch
  }

  #checkTag(reference: string): void {
    const { tags } = this.#parts.upstream
    if (isDigest(reference) || tags === undefined || tags.some((each) => each.test(reference))) {
      return
    }
    throw this.#unknown(reference)
  }

  #key(reference: string): string {
    return `${this.name}:${reference}`
  }

  #unknown(reference: string): StrakeError {
    const code = reference.includes(':') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN'
    return new StrakeError(code, `Cannot find ${this.name}:${reference}: the upstream lacks it`)
  }

  #readOnly(): StrakeError {
    const { prefix } = this.#parts.upstream
    const message = `Cannot change ${this.name}: it is a cache of ${prefix}`
    return new StrakeError('DENIED', message)
  }
}

const octetStream = 'application/octet-stream'

/** Without space the answer of the upstream is passed on and not kept. */
function unlessStorageFull(error: unknown): void {
  if (!isStorageFull(error)) throw error
}

async function tagOf(local: Repository, tag: string): Promise<Descriptor | undefined> {
  return await unlessUnknown(local.resolve(tag))
}
