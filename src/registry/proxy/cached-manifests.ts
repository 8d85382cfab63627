import { type Descriptor, type Digest, isDigest, parseManifestOrIndex, StrakeError } from '#oci'
import { fromBuffer } from '#stream'
import type { FoundManifest, Opening, Repository } from '../registry.ts'
import { isStorageFull } from '../storage-full.ts'
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
 * The manifests and tags of one repository of an upstream, as a cache answers for them. A tag is asked
 * for again when it is older than the upstream's TTL, and answered from the cache when the upstream
 * cannot be asked.
 */
export class CachedManifests {
  readonly #name: string
  readonly #parts: ProxyParts

  constructor(name: string, parts: ProxyParts) {
    this.#name = name
    this.#parts = parts
  }

  async resolve(reference: string, signal?: AbortSignal): Promise<Descriptor> {
    const { state, upstream } = this.#parts
    const known =
      (await this.#findKept(reference)) ?? state.checked.get(this.#key(reference), upstream.ttl)
    if (known !== undefined) return known
    return await this.#orStale(reference, async () => {
      const found = await this.ask(reference, () =>
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
  async ask<T>(reference: string, work: () => Promise<T>): Promise<T> {
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
    return await this.ask(reference, () =>
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
    const awaiting = `${this.#name}@${descriptor.digest}`
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
    const own = `${this.#name}@${found.descriptor.digest}`
    // Every pull of a cached image reads its manifest, which need not be parsed each time.
    if (state.sizes.get(own, day) !== undefined) return found
    state.sizes.set(own, found.descriptor.size)
    const parsed = parseManifestOrIndex(found.raw, found.descriptor.mediaType)
    if (parsed.kind === 'manifest') {
      for (const { digest, size } of [parsed.manifest.config, ...parsed.manifest.layers]) {
        state.sizes.set(`${this.#name}@${digest}`, size)
      }
    }
    return found
  }

  #checkTag(reference: string): void {
    const { tags } = this.#parts.upstream
    if (isDigest(reference) || tags === undefined || tags.some((each) => each.test(reference))) {
      return
    }
    throw this.#unknown(reference)
  }

  #key(reference: string): string {
    return `${this.#name}:${reference}`
  }

  #unknown(reference: string): StrakeError {
    const code = reference.includes(':') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN'
    return new StrakeError(code, `Cannot find ${this.#name}:${reference}: the upstream lacks it`)
  }

  /** Returns the size of a blob that a manifest has named, if one has. */
  sizeOf(digest: Digest): number | undefined {
    return this.#parts.state.sizes.get(`${this.#name}@${digest}`, day)
  }

  /** Removes a tag from the cache. */
  async untag(tag: string): Promise<void> {
    this.#parts.state.checked.delete(this.#key(tag))
    await this.#parts.local.untag(tag)
  }
}

/** Without space the answer of the upstream is passed on and not kept. */
function unlessStorageFull(error: unknown): void {
  if (!isStorageFull(error)) throw error
}

async function tagOf(local: Repository, tag: string): Promise<Descriptor | undefined> {
  return await unlessUnknown(local.resolve(tag))
}
