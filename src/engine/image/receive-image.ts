import { type Arriving, type ContentSource, copy } from '#content'
import type { Arrival, Image } from '#image'
import type { Descriptor, Digest } from '#oci'
import { type Emit, mapConcurrently } from '#stream'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from './ensure-unpacked.ts'

/**
 * Copies an image into the store and makes its file system, each layer while it
 * and those above it are still on their way. Ends when both are done; the first
 * failure ends both.
 */
export async function receiveImage(
  engine: Engine,
  source: ContentSource,
  image: Image,
  options: { readonly emit: Emit; readonly signal?: AbortSignal },
): Promise<void> {
  const { emit, signal } = options
  const arrivals = new Arrivals()
  const work = [
    async (stop: AbortSignal) => {
      await copy(source, engine.content, image.descriptor, {
        onArriving: ({ digest }, arriving) => arrivals.begin(digest, arriving),
        onBlob: ({ digest }) => arrivals.note(digest),
        emit,
        signal: stop,
      })
      // What is not to be copied is waited for no longer.
      arrivals.noteAll(image)
    },
    async (stop: AbortSignal) => {
      const arrival = ({ digest }: Descriptor): Promise<Arrival> => arrivals.of(digest, stop)
      await ensureUnpacked(engine, image, { emit, arrival, signal: stop })
    },
  ]
  await mapConcurrently(work, work.length, (start, _, stop) => start(stop), signal)
}

/** A blob that comes, or for which somebody waits. */
interface Awaited {
  readonly begun: PromiseWithResolvers<void>
  readonly whole: PromiseWithResolvers<void>
  /** While it comes. */
  arriving: Arriving | undefined
}

/** Which blobs have come or are coming, for whoever waits for one. */
class Arrivals {
  readonly #blobs = new Map<Digest, Awaited>()

  begin(digest: Digest, arriving: Arriving): void {
    const blob = this.#get(digest)
    blob.arriving = arriving
    blob.begun.resolve()
  }

  note(digest: Digest): void {
    const blob = this.#get(digest)
    blob.arriving = undefined
    blob.begun.resolve()
    blob.whole.resolve()
  }

  noteAll({ layers }: Image): void {
    for (const { descriptor } of layers) this.note(descriptor.digest)
  }

  /** Waits until a blob comes. Throws the reason of `signal` when that aborts first. */
  async of(digest: Digest, signal: AbortSignal): Promise<Arrival> {
    const blob = this.#get(digest)
    await unlessAborted(blob.begun.promise, signal)
    return {
      get arriving() {
        return blob.arriving
      },
      whole: () => unlessAborted(blob.whole.promise, signal),
    }
  }

  #get(digest: Digest): Awaited {
    const known = this.#blobs.get(digest)
    if (known !== undefined) return known
    const created: Awaited = {
      begun: Promise.withResolvers(),
      whole: Promise.withResolvers(),
      arriving: undefined,
    }
    this.#blobs.set(digest, created)
    return created
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
