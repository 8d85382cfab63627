import type { ContentSource } from '#content'
import { copy } from '#content'
import type { Image } from '#image'
import type { Descriptor, Digest } from '#oci'
import { type Emit, mapConcurrently } from '#stream'
import type { Engine } from './engine.ts'
import { unpack } from './unpack.ts'

/**
 * Copies an image into the store and makes its file system, each layer while
 * those above it are still on their way. Ends when both are done; the first
 * failure ends both.
 */
export async function receive(
  engine: Engine,
  source: ContentSource,
  image: Image,
  options: { readonly emit: Emit; readonly signal?: AbortSignal },
): Promise<void> {
  const { emit, signal } = options
  const arrivals = new Arrivals()
  const work = [
    async (stop: AbortSignal) => {
      const onBlob = ({ digest }: Descriptor): void => arrivals.note(digest)
      await copy(source, engine.content, image.descriptor, { emit, onBlob, signal: stop })
      // What is not to be copied is waited for no longer.
      arrivals.noteAll(image)
    },
    async (stop: AbortSignal) => {
      const arrival = ({ digest }: Descriptor): Promise<void> => arrivals.of(digest, stop)
      await unpack(engine, image, { emit, arrival, signal: stop })
    },
  ]
  await mapConcurrently(work, work.length, (start, _, stop) => start(stop), signal)
}

/** Which blobs have come, for whoever waits for one. */
class Arrivals {
  readonly #blobs = new Map<Digest, PromiseWithResolvers<void>>()

  note(digest: Digest): void {
    this.#get(digest).resolve()
  }

  noteAll({ layers }: Image): void {
    for (const { descriptor } of layers) this.note(descriptor.digest)
  }

  /** Throws the reason of `signal` when it aborts first. */
  async of(digest: Digest, signal: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>()
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      signal.throwIfAborted()
      await Promise.race([this.#get(digest).promise, promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #get(digest: Digest): PromiseWithResolvers<void> {
    const known = this.#blobs.get(digest)
    if (known !== undefined) return known
    const created = Promise.withResolvers<void>()
    this.#blobs.set(digest, created)
    return created
  }
}
