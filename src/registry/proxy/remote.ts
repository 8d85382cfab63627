import { isStrakeError, StrakeError } from '#oci'
import { PeerRefusalError } from '../errors.ts'
import type { Repository } from '../registry.ts'
import type { Upstream } from './upstream.ts'
import { within } from './within.ts'

/** What a cache asks of a repository of its upstream. */
export type Remote = Pick<
  Repository,
  'resolve' | 'readManifest' | 'resolveBlob' | 'read' | 'tags' | 'referrers'
>

/**
 * Makes a repository that answers or fails within `patience` milliseconds; a blob or a list begins
 * within them. Its refusals are errors for clients of the cache. They are translated here, because a
 * refusal of the cache itself, such as that of a quota, has the same code.
 */
export function openRemote(
  repository: Repository,
  { prefix }: Upstream,
  patience: number = usualPatience,
): Remote {
  const asked = async <T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    const { both, end } = endable(signal)
    try {
      return await within(patience, work(both), end)
    } catch (error) {
      throw refusalFor(prefix, error)
    }
  }
  const begun = async function* <T>(
    work: (signal: AbortSignal) => AsyncIterable<T>,
    signal?: AbortSignal,
  ): AsyncGenerator<T> {
    const { both, end } = endable(signal)
    try {
      const items = work(both)[Symbol.asyncIterator]()
      const first = await within(patience, items.next(), end)
      yield* following(first, items)
    } catch (error) {
      throw refusalFor(prefix, error)
    }
  }
  return {
    resolve: (reference, signal) => asked((both) => repository.resolve(reference, both), signal),
    readManifest: (reference, signal) =>
      asked((both) => repository.readManifest(reference, both), signal),
    resolveBlob: (digest, signal) => asked((both) => repository.resolveBlob(digest, both), signal),
    read: (target, options) =>
      begun((signal) => repository.read(target, { ...options, signal }), options?.signal),
    tags: (options) => begun(() => repository.tags(options)),
    referrers: (subject, options) =>
      begun((signal) => repository.referrers(subject, { ...options, signal }), options?.signal),
  }
}

/** In milliseconds: shorter than the time after which clients give up. */
const usualPatience = 30_000

function endable(signal: AbortSignal | undefined): {
  readonly both: AbortSignal
  readonly end: (error: Error) => void
} {
  const abort = new AbortController()
  const both = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal])
  return { both, end: (error) => abort.abort(error) }
}

async function* following<T>(first: IteratorResult<T>, items: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; next.done !== true; next = await items.next()) yield next.value
  } finally {
    await items.return?.()
  }
}

/**
 * The upstream's refusal of our credentials is not a refusal of the client's, which would send its own.
 * A refusal of ours to follow the upstream somewhere is a fault of the upstream.
 */
function refusalFor(prefix: string, error: unknown): unknown {
  if (!isStrakeError(error, 'UNAUTHORIZED', 'DENIED')) return error
  const [code, reason] = isRefusal(error)
    ? (['DENIED', 'it refuses the credentials of this registry'] as const)
    : (['UNAVAILABLE', error.message] as const)
  return new StrakeError(code, `Cannot fetch from ${prefix}: ${reason}`, { cause: error })
}

function isRefusal(error: StrakeError): boolean {
  return error instanceof PeerRefusalError || error.code === 'UNAUTHORIZED'
}
