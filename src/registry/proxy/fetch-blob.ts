import { Arrivals } from '#content'
import type { Descriptor } from '#oci'
import { type Bytes, keepChunk } from '#stream'
import type { Repository } from '../registry.ts'

/** A blob on its way from an upstream into the store. */
export interface Fetch {
  /** Yields the blob as it comes. The end waits for its verification, and throws if that fails. */
  read(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array>
  /** Resolves when the store has it. */
  readonly whole: Promise<void>
}

/**
 * Fetches a blob once, for any number of readers. It goes on when all of them leave: the next one
 * finds it in the store. A broken transfer is resumed by the client of the upstream.
 */
export function fetchBlob(
  upstream: Pick<Repository, 'read'>,
  local: Repository,
  blob: Descriptor,
): Fetch {
  const arrivals = new Arrivals()
  // The store verifies what it receives.
  const read = { readerVerifies: true, reusesChunks: true }
  const whole = local
    .write(blob, upstream.read(blob, read), {
      arrivals,
      readFrom: (start) => upstream.read(blob, { ...read, start }),
    })
    .then(() => arrivals.end(blob.digest))
  // Readers see the failure; without a reader nobody does.
  whole.catch(() => arrivals.endAll())
  return { whole, read: (signal) => readComing({ local, arrivals, whole }, blob, signal) }
}

interface Coming {
  readonly local: Repository
  readonly arrivals: Arrivals
  readonly whole: Promise<void>
}

async function* readComing(
  { local, arrivals, whole }: Coming,
  blob: Descriptor,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const coming = await arrivals.of(blob.digest, signal)
  const live: Bytes | undefined = coming.read?.(signal)
  if (live === undefined) {
    await whole
    yield* local.read(blob, { signal })
    return
  }
  // A reader must not have the last byte before it is known that the content is right.
  let sent = 0
  try {
    for await (const chunk of live) {
      if (sent + chunk.length < blob.size) {
        yield chunk
        sent += chunk.length
        continue
      }
      const last = keepChunk(chunk)
      await whole
      yield last
      return
    }
  } catch (error) {
    await whole
    throw error
  }
}
