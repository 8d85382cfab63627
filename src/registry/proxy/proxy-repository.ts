import type { Ingest, ReadOptions, WriteOutcome } from '#content'
import { type Descriptor, type Digest, StrakeError } from '#oci'
import type { FoundManifest, ReferrersOptions, Repository } from '../registry.ts'
import { isStorageFull } from '../storage-full.ts'
import { CachedManifests, type ProxyParts } from './cached-manifests.ts'
import { type Fetch, fetchBlob } from './fetch-blob.ts'
import { isUnknown, translated, unlessUnknown } from './upstream.ts'

/** One repository of an upstream: what is asked for is fetched, verified and kept. */
export class ProxyRepository implements Repository {
  readonly name: string
  readonly #parts: ProxyParts
  readonly #manifests: CachedManifests

  constructor(name: string, parts: ProxyParts) {
    this.name = name
    this.#parts = parts
    this.#manifests = new CachedManifests(name, parts)
  }

  async has(target: Descriptor): Promise<boolean> {
    return await this.#parts.local.has(target)
  }

  async resolve(reference: string, signal?: AbortSignal): Promise<Descriptor> {
    return await this.#manifests.resolve(reference, signal)
  }

  async readManifest(reference: string, signal?: AbortSignal): Promise<FoundManifest> {
    return await this.#manifests.readManifest(reference, signal)
  }

  async resolveBlob(digest: Digest, signal?: AbortSignal): Promise<Descriptor> {
    const { local, remote } = this.#parts
    const kept = await unlessUnknown(local.resolveBlob(digest))
    if (kept !== undefined) return kept
    const size = this.#manifests.sizeOf(digest)
    if (size !== undefined) return { mediaType: octetStream, digest, size }
    return await this.#manifests.ask(digest, () => remote.resolveBlob(digest, signal))
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
    await this.#manifests.untag(tag)
  }

  /** Removes content from the cache. The next pull fetches it again. */
  async delete(target: Descriptor): Promise<void> {
    await this.#parts.local.delete(target)
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

  #readOnly(): StrakeError {
    const { prefix } = this.#parts.upstream
    const message = `Cannot change ${this.name}: it is a cache of ${prefix}`
    return new StrakeError('DENIED', message)
  }
}

const octetStream = 'application/octet-stream'
