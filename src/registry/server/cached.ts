import type { Exchange } from '#http'
import { pullScope } from '../auth/scope.ts'
import type { Endpoint } from '../endpoints.ts'
import type { Opening, Registry } from '../registry.ts'
import type { Grant } from './access.ts'
import type { RegistryHandlerOptions } from './context.ts'

/** Returns the endpoint of the cache that `ns` of a mirror's client names. */
export function inNamespace(
  endpoint: Endpoint,
  url: URL,
  isCached: RegistryHandlerOptions['isCached'],
): Endpoint {
  if (isCached === undefined || !('repository' in endpoint)) return endpoint
  const namespace = url.searchParams.get('ns')
  if (namespace === null || !isCached(namespace)) return endpoint
  if (endpoint.repository.startsWith(`${namespace}/`)) return endpoint
  return { ...endpoint, repository: `${namespace}/${endpoint.repository}` }
}

/** A registry that tells whether an answer is older than it should be. */
export interface Watched {
  readonly registry: Registry
  /** Adds to an answer how old it is. */
  mark(response: Response): Response
}

/** Watches the repositories that are opened for one request of a sender. */
export function watchAge(registry: Registry, grant: Grant, { traceparent }: Exchange): Watched {
  let stale: { readonly age: number | undefined } | undefined
  const onStale = (age: number | undefined): void => {
    stale = { age }
  }
  const mayPull = (name: string): boolean | Promise<boolean> => grant.may(pullScope(name))
  return {
    registry: {
      ...registry,
      repository: (name: string, opening?: Opening) =>
        registry.repository(name, { ...opening, traceparent, onStale, mayPull }),
    },
    mark(response) {
      if (stale === undefined) return response
      // RFC 7234, section 5.5.1.
      response.headers.set('Warning', '110 - "the upstream could not be asked"')
      if (stale.age !== undefined) {
        response.headers.set('Age', String(Math.floor(stale.age / 1000)))
      }
      return response
    },
  }
}
