import { isStrakeError, StrakeError } from '#oci'
import { PeerRefusalError } from '../errors.ts'
import type { Repository } from '../registry.ts'
import type { Upstream } from './upstream.ts'

/** What a cache asks of a repository of its upstream. */
export type Remote = Pick<
  Repository,
  'resolve' | 'readManifest' | 'resolveBlob' | 'read' | 'tags' | 'referrers'
>

/**
 * Makes a repository whose refusals are errors for clients of the cache. They are translated here,
 * because a refusal of the cache itself, such as that of a quota, has the same code.
 */
export function openRemote(repository: Repository, { prefix }: Upstream): Remote {
  const translate = (error: unknown): unknown => refusalFor(prefix, error)
  const asked = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw translate(error)
    }
  }
  const listed = async function* <T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items
    } catch (error) {
      throw translate(error)
    }
  }
  return {
    resolve: (reference, signal) => asked(repository.resolve(reference, signal)),
    readManifest: (reference, signal) => asked(repository.readManifest(reference, signal)),
    resolveBlob: (digest, signal) => asked(repository.resolveBlob(digest, signal)),
    read: (target, options) => listed(repository.read(target, options)),
    tags: (options) => listed(repository.tags(options)),
    referrers: (subject, options) => listed(repository.referrers(subject, options)),
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
